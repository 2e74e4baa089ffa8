/**
 * How much sooner do three kind clusters stand when they are made side by side instead of one after another?
 * Run with: npm run bench cluster-creation. HOPMETER_NODE_IMAGE names an image that is there without a network,
 * HOPMETER_BENCH_REPETITIONS how often. Makes
 * and deletes clusters of its own (hopmeter down --orphans finds them after a kill); without docker and kind it says so
 * and does nothing.
 */
import { median } from 'simple-statistics'
import type { Phase, StepContext } from '../src/backends/kubernetes/steps/step.ts'
import { createToolbox } from '../src/backends/kubernetes/tools/create-toolbox.ts'
import { stateFolder } from '../src/backends/kubernetes/tools/folders.ts'
import { wholeClusters } from '../src/backends/kind/release.ts'
import { Session } from '../src/backends/kubernetes/session/session.ts'
import { runPhases } from '../src/backends/kubernetes/steps/run-steps.ts'
import { takeDown } from '../src/backends/kubernetes/session/take-down.ts'
import { defaultIstio, pinsFor } from '../src/backends/versions.ts'
import { textTable } from '../src/report/render/text/table.ts'
import { toolVersions } from '../src/backends/kubernetes/tools/tool-versions.ts'
import { kindClusterName } from '../src/backends/kind/cluster/names.ts'
import { KindCluster } from '../src/backends/kind/cluster/kind-cluster.ts'
import { createClusterStep, markClusterStep } from '../src/backends/kind/cluster/create-cluster.ts'

const clusterCount = 3
const repetitions = Number(process.env['HOPMETER_BENCH_REPETITIONS'] ?? 2)
const cleanUpTimeoutMs = 300_000
/** Of the session, as if it were a scenario's. */
const name = 'cluster-creation-bench'
const nodeImage = process.env['HOPMETER_NODE_IMAGE'] ?? pinsFor(defaultIstio).nodeImage.image
const tools = createToolbox({})
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(new Error(signal)))

function clustersOf(session: Session): readonly KindCluster[] {
  return Array.from({ length: clusterCount }, (_, i) => {
    const cluster = `c${i + 1}`
    const cidrs = { podCidr: `10.${i + 1}0.0.0/16`, serviceCidr: `10.1${i + 1}0.0.0/16` }
    const spec = { name: cluster, network: 'any', nodes: 1, ...cidrs }
    const kubeconfig = session.file(`${cluster}.kubeconfig`)
    return new KindCluster(tools, kindClusterName(name, cluster), kubeconfig, spec, noRoutes)
  })
}

const noRoutes = () => Promise.reject(new Error('nothing is routed here'))

/** Seconds until all clusters are Ready and marked, as the kind backend makes them. */
async function creation(inParallel: boolean): Promise<number> {
  const session = Session.create(stateFolder(), { name, backend: 'kind', scenario: name, digest: name })
  const release = session.lease()
  const context: StepContext = { signal: stop.signal, progress: () => {} }
  const parts = {
    tools,
    session,
    markerFolder: session.file(`marker-${session.id}`),
    nodeImage,
  }
  try {
    const clusters = clustersOf(session)
    const create = clusters.map((cluster) => createClusterStep(parts, cluster))
    const mark = clusters.map((cluster) => markClusterStep(parts, cluster))
    const phases: readonly Phase[] = inParallel ? [create, mark] : [...create, ...mark].map((step) => [step])
    const start = performance.now()
    await runPhases(phases, context)
    return (performance.now() - start) / 1000
  } finally {
    await takeDown(tools, session, wholeClusters, {
      ...context,
      signal: AbortSignal.timeout(cleanUpTimeoutMs),
    })
    release()
  }
}

async function measure(): Promise<void> {
  const parallel: number[] = []
  const serial: number[] = []
  for (let i = 0; i < repetitions; i += 1) {
    // Neither always goes first: later ones find the image's layers in memory.
    for (const inParallel of i % 2 === 0 ? [true, false] : [false, true]) {
      ;(inParallel ? parallel : serial).push(await creation(inParallel))
    }
  }
  const ratios = serial.map((seconds, i) => seconds / (parallel[i] ?? Number.NaN))
  const row = (label: string, values: readonly number[], digits: number) => [
    label,
    ...[median([...values]), Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits)),
  ]
  console.log(
    textTable(
      [`${clusterCount} clusters, ${repetitions} times`, 'median', 'min', 'max'],
      [row('side by side, s', parallel, 0), row('one after another, s', serial, 0), row('ratio', ratios, 2)],
    ),
  )
}

const missing = await toolVersions(tools, ['docker', 'kind', 'kubectl'], stop.signal).then(
  () => undefined,
  (error: unknown) => (error instanceof Error ? error.message.split('\n', 1)[0] : String(error)),
)
const standing = Session.find(stateFolder(), name)
if (missing !== undefined) console.log(`skipped: ${missing}`)
else if (standing) throw new Error(`clusters of another ${name} stand: hopmeter down ${name}`)
else await measure()
