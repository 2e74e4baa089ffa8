import { clientPodsOf, type ClientPod, type Testbed } from '../backends/backend.ts'
import type { PlannedPath } from '../plan/plan-scenario.ts'
import { serverPort } from '../plan/names.ts'
import type { EvidenceSnapshot } from '../evidence/flow.ts'
import { judgeClients } from '../evidence/judge-clients.ts'
import { judgePath, type PathObservation } from '../evidence/judge.ts'
import { evidenceWindow } from '../evidence/window.ts'
import type { PathEvidence } from '../results/schema.ts'
import { ofVariant } from '../topology/component.ts'
import type { Component, Placement } from '../topology/model.ts'
import type { GroupTurn } from './agent-group.ts'
import { sumAnswers } from './merge-samples.ts'

/** Judges every path of a window, for each pod of its client, by what the components saw and the clients counted. */
export function judgeWindow(
  testbed: Testbed,
  paths: readonly PlannedPath[],
  before: EvidenceSnapshot,
  after: EvidenceSnapshot,
  turns: readonly GroupTurn[],
): readonly PathEvidence[] {
  const window = evidenceWindow(before, after)
  const owners = new Map(testbed.addresses.map(({ address, component }) => [address, component]))
  return paths.flatMap((path) => {
    const { rule } = path
    if (!rule.possible) return []
    const clients = clientPodsOf(testbed, path.clientWorkload)
    const own = turns.flatMap(({ samples }) => samples).filter((sample) => sample.path === path.name)
    const target = testbed.target(path)
    const observation = (client: ClientPod, answeredBy: PathObservation['answeredBy']): PathObservation => ({
      path: path.name,
      rule,
      subject: {
        client: pod('client-pod', path.client, path.clientWorkload.variant),
        server: pod('server-pod', path.server, path.serverWorkload.variant),
        target: `${target.host}:${target.port}`,
        serverAddress: `${testbed.podAddress(path.serverWorkload)}:${serverPort}`,
        clientAddresses: client.addresses,
        otherClients: clients
          .filter((other) => other !== client)
          .flatMap(({ addresses }) => addresses[0] ?? []),
        clientIdentitySuffix: `/sa/${path.clientWorkload.name}`,
        owners,
      },
      serverPod: path.serverWorkload.name,
      answeredBy,
      // Of all pods: components that count bytes count those of all pods of a client together.
      bytesSent: own.reduce((sum, sample) => sum + sample.bytesSent, 0),
    })
    const perPod = clients.map((client, i) => {
      const samples = turns.flatMap(({ pods }) => pods[i]?.samples ?? [])
      return judgePath(observation(client, sumAnswers(samples.filter((s) => s.path === path.name))), window)
    })
    return perPod.length === 1 ? perPod : [judgeClients(perPod, sumAnswers(own))]
  })
}

function pod(kind: Component['kind'], { cluster, node }: Placement, variant: string | undefined): Component {
  return { kind, cluster, node, ...ofVariant(variant) }
}
