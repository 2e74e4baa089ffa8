import type { Readiness, StepContext } from '../../kubernetes/steps/step.ts'
import {
  podsFor,
  serviceKey,
  type FoundPod,
  type PodInventory,
} from '../../kubernetes/workloads/pod-inventory.ts'
import { agentCommandLine } from '../../kubernetes/workloads/workload-manifests.ts'
import type { PlannedPath } from '../../../plan/plan-scenario.ts'
import { meshNamespace, serverPort, systemNamespace } from '../../../plan/names.ts'
import type { IstioContext } from '../context.ts'
import { probeProgram, readProbe } from '../prove/probe.ts'
import { collectMeshFacts } from './collect-facts.ts'
import type { MeshFacts } from './mesh-facts.ts'
import { findErrors, remediesOf } from './pitfalls/find-pitfalls.ts'
import type { Finding } from './pitfalls/pitfall.ts'

/** What istiod pushes comes in seconds, what a laptop starts in minutes. */
const meshDeadlineMs = 120_000
const probeDeadlineMs = 90_000
/** After so long, what does not pass by waiting has been seen more than once. */
const hopelessMs = 30_000
/** What a ztunnel is told after its start has long come. */
const settledMs = 20_000

/** What is known of a mesh from one start of its data plane to the next. */
export interface KnownMesh {
  /** Absent before the first start, and where the mesh is not hopmeter's: nobody knows what happens to it. */
  readonly before?: MeshFacts | undefined
  /** Told of the facts with which it passed. */
  readonly passed: (facts: MeshFacts) => void
}

/** States that paths need: a mesh without pitfalls, and an answer on each path. */
export function meshReadiness(
  istio: IstioContext,
  found: PodInventory,
  known: KnownMesh,
): readonly Readiness[] {
  const scale = (ms: number) => istio.clusters[0]?.deadlineMs(ms) ?? ms
  const paths = istio.plan.paths.filter(({ mesh, rule }) => mesh === 'ambient' && rule.possible)
  return [
    noPitfall(istio, found, known, scale),
    ...paths.map((path) => probeAnswered(found, path, scale(probeDeadlineMs))),
  ]
}

/** What makes paths wrong stops here; what only colours numbers is left to the notes of a run. */
function noPitfall(
  istio: IstioContext,
  found: PodInventory,
  { before, passed }: KnownMesh,
  scale: (ms: number) => number,
): Readiness {
  let last: readonly Finding[] = []
  let sinceMs: number | undefined
  /** Of several versions one may take another way for good, which is what a run is to find out. */
  const isLeftToProof = ({ pitfall }: Finding) =>
    istio.options.dataPlanes !== undefined &&
    pitfall.isProvenLater === true &&
    performance.now() - (sinceMs ?? performance.now()) >= scale(settledMs)
  return {
    name: 'the mesh has none of the known pitfalls',
    deadlineMs: scale(meshDeadlineMs),
    check: async (context: StepContext) => {
      sinceMs ??= performance.now()
      const facts = await collectMeshFacts(istio, found, context, before)
      last = findErrors(facts).filter((finding) => !isLeftToProof(finding))
      if (last.length === 0) passed(facts)
      return last.length === 0 ? null : last.map(({ message }) => message).join('; ')
    },
    isHopeless: (_, waitedMs) =>
      waitedMs >= scale(hopelessMs) &&
      last.length > 0 &&
      last.every(({ pitfall }) => pitfall.mayPass === undefined),
    explain: () => remediesOf(last) || 'a cluster did not answer: is its control plane up?',
  }
}

function probeAnswered(found: PodInventory, path: PlannedPath, deadlineMs: number): Readiness {
  const clients = podsFor(found, path.clientWorkload)
  const target = found.services.get(serviceKey(path.client.cluster, path.serverWorkload))
  const probe = async ({ name, cluster }: FoundPod, signal: AbortSignal) => {
    const program = [agentCommandLine[0], '-e', probeProgram, target ?? '', String(serverPort)]
    const limits = { signal, timeoutMs: 20_000 }
    const answer = readProbe(await cluster.exec(meshNamespace, name, program, limits))
    if ('error' in answer) return answer.error
    if (answer.cluster === path.server.cluster && answer.pod === path.serverWorkload.name) return null
    return `${answer.pod} of ${answer.cluster} answered`
  }
  return {
    name: `one request on ${path.name} is answered by ${path.server.cluster}`,
    deadlineMs,
    check: async ({ signal }) => {
      if (clients.length === 0 || target === undefined)
        return 'the client has no pod or the service no address'
      // Each pod: that request opens its first tunnel, too.
      const problems = await Promise.all(clients.map((client) => probe(client, signal)))
      const failed = problems.flatMap((problem, i) =>
        problem === null ? [] : [clients.length === 1 ? problem : `${clients[i]?.name}: ${problem}`],
      )
      return failed.length === 0 ? null : failed.join('; ')
    },
    explain: (missing) =>
      missing.includes('answered')
        ? 'the service has endpoints in another cluster: the server must run in one cluster only'
        : isTimeout(missing)
          ? 'packets do not arrive: routes of pod CIDRs must exist in both directions, and nothing may block TCP port 15008'
          : `ztunnel refused it; kubectl --context ${clients[0]?.cluster.context ?? ''} --namespace ${systemNamespace} logs daemonset/ztunnel says why`,
  }
}

function isTimeout(text: string): boolean {
  return /timed? ?out|ETIMEDOUT|ECONNRESET/i.test(text)
}
