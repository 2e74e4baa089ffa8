import type { PathSample } from '../agent/protocol.ts'
import type { EvidenceSnapshot, Testbed } from '../backends/backend.ts'
import { serverPort } from '../backends/plan.ts'
import { judgePath, type PathObservation } from '../evidence/judge.ts'
import { evidenceWindow } from '../evidence/window.ts'
import type { PathEvidence } from '../results/schema.ts'
import type { Component } from '../topology/model.ts'
import type { MeasuredPath } from './control.ts'

/** Judges every path of a window by what the components saw and what the clients counted. */
export function judgeWindow(
  testbed: Testbed,
  paths: readonly MeasuredPath[],
  before: EvidenceSnapshot,
  after: EvidenceSnapshot,
  samples: readonly PathSample[],
): readonly PathEvidence[] {
  const window = evidenceWindow(before, after)
  const owners = new Map(testbed.addresses.map(({ address, component }) => [address, component]))
  return paths.flatMap((path) => {
    if (!path.rule.possible) return []
    const own = samples.filter((sample) => sample.path === path.name)
    const target = testbed.target(path)
    const observation: PathObservation = {
      path: path.name,
      rule: path.rule,
      subject: {
        client: pod('client-pod', path.client),
        server: pod('server-pod', path.server),
        target: `${target.host}:${target.port}`,
        serverAddress: `${testbed.podAddress(path.serverWorkload)}:${serverPort}`,
        clientAddresses: testbed.sourceAddresses(path.clientWorkload),
        clientIdentitySuffix: `/sa/${path.clientWorkload.name}`,
        owners,
      },
      serverPod: path.serverWorkload.name,
      answeredBy: sumAnswers(own),
      bytesSent: own.reduce((sum, sample) => sum + sample.bytesSent, 0),
    }
    return [judgePath(observation, window)]
  })
}

function pod(kind: Component['kind'], placement: { cluster: string; node: number }): Component {
  return { kind, cluster: placement.cluster, node: placement.node }
}

function sumAnswers(samples: readonly PathSample[]): PathObservation['answeredBy'] {
  const sums = new Map<string, { cluster: string; pod: string; count: number }>()
  for (const answer of samples.flatMap((sample) => sample.answeredBy)) {
    const key = `${answer.cluster}/${answer.pod}`
    const sum = sums.get(key)
    if (sum) sum.count += answer.count
    else sums.set(key, { ...answer })
  }
  return [...sums.values()]
}
