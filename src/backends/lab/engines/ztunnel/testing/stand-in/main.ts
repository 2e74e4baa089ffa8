import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { readLines } from '../../../../../../process/lines.ts'
import { connectSeqPacket } from '../../descriptor-socket.ts'
import { parseStrictly, type StrictConfig } from '../strict-config.ts'
import { requestIdentity } from './request-identity.ts'
import type { PodConfig, PodMessage, StandInConnection, StandInService } from './protocol.ts'

type Workload = StrictConfig['workloads'][number]

const appPort = 8080
const podMain = fileURLToPath(new URL('./pod-main.ts', import.meta.url))

/** One pod that it serves, through a process of its own in the pod's namespace. */
interface Pod {
  readonly uid: string
  readonly workload: Workload
  readonly ask: () => Promise<readonly StandInConnection[]>
}

const pods: Pod[] = []
const closed: StandInConnection[] = []

function env(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`the environment has no ${name}`)
  return value
}

/** As ztunnel writes it with LOG_FORMAT=json. */
function logClosed(c: StandInConnection): void {
  const isOutbound = c.direction === 'outbound'
  const [sent, received] = isOutbound ? [c.bytesUp, c.bytesDown] : [c.bytesDown, c.bytesUp]
  const podHost = c.actualDst.slice(0, c.actualDst.lastIndexOf(':'))
  const line = {
    level: 'info',
    time: new Date().toISOString(),
    scope: 'access',
    message: 'connection complete',
    'src.addr': c.src,
    'src.identity': c.sourceIdentity,
    'dst.addr': isOutbound ? c.actualDst : `${podHost}:15008`,
    'dst.hbone_addr': c.hboneAddress,
    'dst.service': c.service,
    direction: c.direction,
    bytes_sent: sent,
    bytes_recv: received,
    duration: '1ms',
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

function spiffeOf({ trustDomain, namespace, serviceAccount }: Workload): string {
  return `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`
}

/** What ztunnel makes of its configuration for one pod. */
function servicesOf({ workloads, services }: StrictConfig, network: string): readonly StandInService[] {
  return services.flatMap((service): StandInService[] => {
    const key = `${service.namespace}/${service.hostname}`
    const endpoint = workloads.find((workload) => workload.services.has(key))
    const [port = 0, targetPort = 0] = [...service.ports][0] ?? []
    const [vipNetwork = '', vip = ''] = service.vips[0]?.split('/') ?? []
    if (!endpoint || vipNetwork !== network) return []
    const base = { vip: `${vip}:${port}`, hostname: service.hostname, spiffe: service.subjectAltNames }
    const [ip] = endpoint.workloadIps
    if (ip !== undefined && endpoint.network === network) {
      const upstream = {
        protocol: 'HBONE',
        address: `${ip}:15008`,
        authority: `${ip}:${targetPort}`,
      } as const
      return [{ ...base, spiffe: [spiffeOf(endpoint)], upstream }]
    }
    const by = endpoint.networkGateway
    if (!by) return []
    const gateway = workloads.find((w) =>
      w.workloadIps.some((address) => `${w.network}/${address}` === by.destination),
    )
    if (!gateway) throw new Error(`unknown network gateway ${by.destination}`)
    const address = `${gateway.workloadIps[0]}:${by.hboneMtlsPort}`
    return [{ ...base, upstream: { protocol: 'DOUBLEHBONE', address, gatewaySpiffe: [spiffeOf(gateway)] } }]
  })
}

async function addPod(config: StrictConfig, message: Buffer, netns: number): Promise<void> {
  const { uid, name, namespace } = readAdd(message)
  const workload = config.workloads.find((w) => w.name === name && w.namespace === namespace)
  if (!workload) throw new Error(`no workload ${namespace}/${name}`)
  const network = env('NETWORK')
  const rootPem = env('CA_ROOT_CA')
  const services = servicesOf(config, network)
  const [ip = ''] = workload.workloadIps
  const local = services.filter(({ upstream }) => upstream.address === `${ip}:15008`)
  const pod: PodConfig = {
    ip,
    network,
    trustDomain: workload.trustDomain,
    mark: Number(env('PACKET_MARK')),
    identity: await requestIdentity(env('CA_ADDRESS'), rootPem, spiffeOf(workload)),
    services,
    own: [`${ip}:${appPort}`, ...local.map(({ hostname }) => `${hostname}:${appPort}`)],
    appPort,
  }
  const args = ['--net=/proc/self/fd/3', '--', process.execPath, '--import', 'tsx', podMain]
  const child = spawn('nsenter', args, {
    stdio: ['pipe', 'pipe', 'inherit', netns],
    cwd: fileURLToPath(new URL('../../../../../../../', import.meta.url)),
    env: { ...process.env, TSX_DISABLE_CACHE: '1' },
  })
  const { stdin, stdout } = child
  if (!stdin || !stdout) throw new Error('a process with pipes has none')
  stdin.on('error', () => {}) // its end shows in `exit`
  child.once('exit', (code) => process.exit(code ?? 1))
  const waiting: ((message: PodMessage) => void)[] = []
  readLines(stdout, (line) => {
    const said = JSON.parse(line) as PodMessage
    if (said.type !== 'closed') return waiting.shift()?.(said)
    closed.push(said.connection)
    logClosed(said.connection)
  })
  const ask = (request: object) => {
    stdin.write(`${JSON.stringify(request)}\n`)
    return new Promise<PodMessage>((resolve) => waiting.push(resolve))
  }
  await ask(pod)
  pods.push({
    uid,
    workload,
    ask: async () => {
      const answer = await ask({})
      return answer.type === 'open' ? answer.connections : []
    },
  })
}

function readAdd(message: Buffer): {
  readonly uid: string
  readonly name: string
  readonly namespace: string
} {
  const texts = (bytes: Uint8Array) => {
    const reader = new BinaryReader(bytes)
    const found = new Map<number, Uint8Array>()
    while (reader.pos < reader.len) {
      const [field] = reader.tag()
      found.set(field, reader.bytes())
    }
    return found
  }
  const add = texts(texts(message).get(1) ?? new Uint8Array())
  const info = texts(add.get(2) ?? new Uint8Array())
  const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString()
  return { uid: text(add.get(1)), name: text(info.get(1)), namespace: text(info.get(2)) }
}

async function followZds(config: StrictConfig): Promise<void> {
  const zds = await connectSeqPacket(env('INPOD_UDS'))
  zds.send(Buffer.from('0801', 'hex'))
  for (;;) {
    const { message, descriptor } = await zds.receiveDescriptor()
    if (descriptor !== undefined) await addPod(config, message, descriptor)
    zds.send(Buffer.from('0a00', 'hex'))
  }
}

async function configDump(config: StrictConfig): Promise<string> {
  const states = await Promise.all(
    pods.map(async ({ uid, workload, ask }) => {
      const connections = await ask()
      const of = (direction: string) =>
        connections
          .filter((c) => c.direction === direction)
          .map(({ src, originalDst, actualDst, protocol }) => ({ src, originalDst, actualDst, protocol }))
      const { name, namespace, serviceAccount } = workload
      const info = { name, namespace, serviceAccount }
      return [uid, { state: 'Up', info, connections: { inbound: of('inbound'), outbound: of('outbound') } }]
    }),
  )
  const workloads = config.workloads.map((workload) => ({ ...workload, services: undefined }))
  return JSON.stringify({ workloads, services: [], workloadState: Object.fromEntries(states) as object })
}

async function metrics(): Promise<string> {
  const open = (await Promise.all(pods.map(({ ask }) => ask()))).flat()
  const labels = (c: StandInConnection) =>
    [
      `reporter="${c.direction === 'outbound' ? 'source' : 'destination'}"`,
      `source_principal="${c.sourceIdentity}"`,
      `destination_service="${c.service}"`,
      `destination_principal="${c.destinationIdentity}"`,
    ].join(',')
  return [
    ...[...closed, ...open].flatMap((c) => [
      `istio_tcp_received_bytes_total{${labels(c)}} ${c.bytesUp}`,
      `istio_tcp_sent_bytes_total{${labels(c)}} ${c.bytesDown}`,
    ]),
    ...closed.map((c) => `istio_tcp_connections_closed_total{${labels(c)}} 1`),
    '# EOF',
    '',
  ].join('\n')
}

function serve(port: number, answer: () => Promise<string> | string): void {
  createServer((request, response) => {
    void Promise.resolve(answer()).then((body) => response.end(body))
    request.resume()
  }).listen(port, '127.0.0.1')
}

async function proxy(): Promise<void> {
  const config = parseStrictly(readFileSync(env('LOCAL_XDS_PATH'), 'utf8'))
  serve(15_021, () => 'ready')
  serve(15_000, () => configDump(config))
  serve(15_020, metrics)
  await followZds(config)
}

function fail(error: unknown): void {
  console.error(`Error: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}

// An ordinary exit would wait for the thread that waits for messages.
process.on('SIGTERM', () => process.kill(process.pid, 'SIGKILL'))
if (process.argv[2] === 'version') {
  console.log('version.BuildInfo{Version:"0.0.0-stand-in", GitRevision:"none", IstioVersion:"unknown"}')
} else if (process.env['STAND_IN_FAILS'] === 'at-start') fail(new Error('the stand-in was told to fail'))
else proxy().catch(fail)
