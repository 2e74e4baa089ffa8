import { get } from 'node:http'
import { openMeshAuthority } from '../../pki.ts'
import { serveCsr } from './csr-service.ts'
import {
  adminPort,
  caPort,
  loopback,
  metricsPort,
  readyPort,
  type CompanionConfig,
  type CompanionMessage,
} from './protocol.ts'
import { serveZds } from './zds-server.ts'

const askWithinMs = 5000
const maxProblems = 20

/** What stands beside a ztunnel in its namespace: certificates, the list of its pods, and a way to its loopback ports. */
export interface Companion {
  state(): Promise<CompanionMessage>
  read(): Promise<CompanionMessage>
}

/** @throws Error when it cannot serve. */
export async function startCompanion(config: CompanionConfig): Promise<Companion> {
  const certified = new Set<string>()
  const problems: string[] = []
  const onProblem = (problem: string) => {
    if (problems.length < maxProblems && !problems.includes(problem)) problems.push(problem)
  }
  const authority = await openMeshAuthority(config.trustDomain, config.authority)
  await serveCsr({
    host: loopback,
    port: caPort,
    authority,
    identities: config.identities,
    onCertified: (spiffe) => certified.add(spiffe),
    onProblem,
  })
  const zds = await serveZds(config.zdsSocket, config.pods, onProblem)
  return {
    state: async () => {
      const ready = await ask(readyPort, '/healthz/ready').catch(() => undefined)
      return {
        type: 'state',
        hasPods: zds.hasPods(),
        certified: [...certified],
        ...(ready === undefined ? {} : { ready: ready.status }),
        problems,
      }
    },
    read: async () => {
      const dump = await ask(adminPort, '/config_dump')
      const metrics = await ask(metricsPort, '/metrics')
      return { type: 'read', dump: dump.body, metrics: metrics.body }
    },
  }
}

function ask(port: number, path: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asked = get({ host: loopback, port, path, timeout: askWithinMs, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => (body += text))
      response.once('error', reject)
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    asked.once('timeout', () => asked.destroy(new Error(`no answer from port ${port}`)))
    asked.once('error', reject)
  })
}
