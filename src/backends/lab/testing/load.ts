import { ofVariant } from '../../../topology/component.ts'
import { createInterface } from 'node:readline'
import { agentProtocolVersion, type PathSample } from '../../../agent/protocol.ts'
import type { DriverLoad } from '../../../agent/drivers/drivers.ts'
import type { LoadMessage } from '../../../agent/load-protocol.ts'
import { judgePath } from '../../../evidence/judge.ts'
import { evidenceWindow } from '../../../evidence/window.ts'
import { start } from '../../../process/exec.ts'
import type { PathEvidence } from '../../../results/schema.ts'
import type { Testbed } from '../../backend.ts'
import type { PlannedPath } from '../../../plan/plan-scenario.ts'
import { serverPort } from '../../../plan/names.ts'

/** One request in flight, on a connection that stays or on a new one for each. */
export const keptConnection: DriverLoad = {
  profile: 'pingpong',
  protocol: 'http1',
  requestBytes: 16,
  responseBytes: 16,
}
export const newConnections: DriverLoad = { profile: 'connect', requestBytes: 16, responseBytes: 16 }

/** Sends requests over one path with the real agent; the sample has what came of them. */
export async function sendLoad(
  testbed: Testbed,
  path: PlannedPath,
  load: DriverLoad = keptConnection,
  durationMs = 100,
): Promise<PathSample> {
  const { file, args } = testbed.agentCommand(path.clientWorkload, 'load')
  const agent = start(file, args)
  let stderr = ''
  agent.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const targets = [{ path: path.name, ...testbed.target(path) }]
  const requests = [
    { type: 'open', version: agentProtocolVersion, load, targets, timeoutMs: 3000 },
    { type: 'turn', id: 1, seed: 1, durationMs },
  ]
  for (const request of requests) agent.stdin.write(`${JSON.stringify(request)}\n`)
  try {
    for await (const line of createInterface({ input: agent.stdout })) {
      const message = JSON.parse(line) as LoadMessage
      if (message.type === 'error') throw new Error(message.message)
      if (message.type === 'turn' && message.samples[0]) return message.samples[0]
    }
    throw new Error(`the load agent ended without an answer: ${stderr}`)
  } finally {
    agent.stdin.end()
    await agent.done.catch(() => {})
  }
}

/** Sends requests over a path and judges what the components saw of them. */
export async function prove(testbed: Testbed, path: PlannedPath, load?: DriverLoad): Promise<PathEvidence> {
  if (!path.rule.possible) throw new Error(`path ${path.name} cannot exist`)
  const before = await testbed.evidence()
  const sample = await sendLoad(testbed, path, load)
  const window = evidenceWindow(before, await testbed.evidence())
  const { host, port } = testbed.target(path)
  const subject = {
    client: { kind: 'client-pod', ...path.client, ...ofVariant(path.variant) },
    server: { kind: 'server-pod', ...path.server, ...ofVariant(path.variant) },
    target: `${host}:${port}`,
    serverAddress: `${testbed.podAddress(path.serverWorkload)}:${serverPort}`,
    clientAddresses: testbed.sourceAddresses(path.clientWorkload),
    clientIdentitySuffix: `/sa/${path.clientWorkload.name}`,
    owners: new Map(testbed.addresses.map(({ address, component }) => [address, component])),
  } as const
  const { answeredBy, bytesSent } = sample
  const observation = { path: path.name, rule: path.rule, subject, answeredBy, bytesSent }
  return judgePath({ ...observation, serverPod: path.serverWorkload.name }, window)
}
