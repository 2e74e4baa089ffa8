import { z } from 'zod'
import { runIdPattern } from './run-id.ts'

/** Version of everything below. Readers accept this and older ones, and refuse newer ones with a clear error. */
export const resultSchemaVersion = 1

const count = z.number().int().nonnegative()
/** Ids become file and directory names, so nothing else may pass. */
const runId = z.string().regex(runIdPattern, 'not a run id such as 2026-11-23t01-02-03z-hop-ladder-7f3a')
const component = z.strictObject({
  kind: z.enum(['client-pod', 'ztunnel', 'east-west-gateway', 'load-balancer', 'server-pod']),
  cluster: z.string(),
  node: z.number().int().positive().optional(),
})

export const profileName = z.enum(['pingpong', 'closed', 'open', 'connect'])

/** What the load was, and a short id (`pingpong`, `closed-c16`) that tells loads of one run apart. */
const load = z.looseObject({ id: z.string(), profile: profileName })

const plannedPath = z.strictObject({
  name: z.string(),
  client: z.strictObject({ cluster: z.string(), node: count }),
  server: z.strictObject({ cluster: z.string(), node: count }),
  mesh: z.enum(['ambient', 'none']),
  /** Number of components, or the reason why the path must not exist. */
  hops: z.number().int().nullable(),
  protocol: z.enum(['TCP', 'HBONE', 'DOUBLEHBONE']).nullable(),
  expected: z.array(component),
  unreachableBecause: z.string().optional(),
  /** Name of the path of which this is the A/A control. */
  controlOf: z.string().optional(),
})

/** First line of a journal. No secrets and, unless asked for, no host names. */
export const runHeader = z.strictObject({
  type: z.literal('run'),
  schemaVersion: z.literal(resultSchemaVersion),
  id: runId,
  startedAt: z.string(),
  hopmeterVersion: z.string(),
  scenario: z.strictObject({ name: z.string(), title: z.string(), hash: z.string(), text: z.string() }),
  /** What shapes the numbers beyond the scenario text: flags that changed rounds, loads or paths. */
  overrides: z.record(z.string(), z.string()),
  seed: z.number().int(),
  backend: z.enum(['lab', 'kind', 'contexts']),
  /** Pods per client that sent the same load at the same time; histograms hold the requests of all. Absent: one. */
  clients: count.optional(),
  verify: z.enum(['strict', 'warn', 'off']),
  rounds: z.strictObject({ count, durationMs: z.number(), warmupMs: z.number(), builds: count }),
  loads: z.array(load),
  paths: z.array(plannedPath),
  environment: z.looseObject({
    kernel: z.string(),
    cpuModel: z.string(),
    cores: count,
    memoryMiB: count,
    clockSource: z.string(),
    virtualization: z.string(),
    node: z.string(),
    loadAverage: z.array(z.number()),
    hostname: z.string().optional(),
    architecture: z.string().optional(),
    /** Hardware threads share cores; absent where the system does not say. */
    smt: z.boolean().optional(),
    /** `cpufreq` governor, or `none` where the guest has no say over frequencies. */
    cpuGovernor: z.string().optional(),
    /** `cpuidle` driver and governor, e.g. `haltpoll/haltpoll`: how an idle CPU wakes shapes every latency. */
    cpuIdle: z.string().optional(),
    /** Container runtime that hopmeter itself ran in, or `none`. */
    container: z.string().optional(),
  }),
  labels: z.record(z.string(), z.string()),
  /** The newest calibration of this machine before the run, in short; absent when there is none. */
  calibration: z
    .strictObject({
      at: z.string(),
      passed: z.boolean(),
      checks: z.array(
        z.strictObject({
          name: z.string(),
          measuredUs: z.number().nullable(),
          limit: z.string(),
          passed: z.boolean(),
        }),
      ),
    })
    .optional(),
})

/** One stand-up of the testbed. */
export const buildEvent = z.strictObject({
  type: z.literal('build'),
  build: count,
  at: z.string(),
  engine: z.strictObject({
    name: z.string(),
    version: z.string(),
    /** Stand-ins forwarded the bytes. Absent for others, and in files of before it was recorded. */
    simulated: z.boolean().optional(),
  }),
  /** How CPU times of components were read; absent where they were not, and in files of before it was recorded. */
  cpuSource: z
    .strictObject({ name: z.string(), perTurn: z.boolean(), coversTestbed: z.boolean() })
    .optional(),
  delayMethod: z.string(),
  loadBalancer: z.string(),
  facts: z.record(z.string(), z.string()),
  upMs: z.number(),
})

/** What was observed of one path in one window, and whether it is what the path rule expects. */
export const pathEvidence = z.strictObject({
  path: z.string(),
  verdict: z.enum(['proven', 'mismatch', 'unproven']),
  observed: z.array(component),
  observedProtocol: z.enum(['TCP', 'HBONE', 'DOUBLEHBONE']).nullable(),
  /** One line per component: peer, upstream, connections and bytes of the window. */
  hops: z.array(
    z.strictObject({
      component,
      source: z.string().optional(),
      sourceIdentity: z.string().optional(),
      requested: z.string().optional(),
      upstream: z.string().optional(),
      connections: count.optional(),
      bytesUp: count.optional(),
      bytesDown: count.optional(),
    }),
  ),
  answeredBy: z.array(z.strictObject({ cluster: z.string(), pod: z.string(), count })),
  /** Responses that the server says it completed for this path in the window. */
  served: count.optional(),
  /** Why it is a mismatch or unproven: expected, seen, likely cause. */
  reasons: z.array(z.string()),
  /** Client pods that this holds for, each by itself; `hops` are one pod's. Absent: one. */
  clients: count.optional(),
})

const quantilesNs = z.strictObject({
  p50: z.number(),
  p90: z.number(),
  p99: z.number(),
  p999: z.number(),
  min: z.number(),
  max: z.number(),
  mean: z.number(),
})

/** One path under one load in one round. */
export const pathRound = z.strictObject({
  path: z.string(),
  load: z.string(),
  order: count,
  sent: count,
  received: count,
  bad: count,
  errors: count,
  lost: count,
  reconnects: count,
  /** Requests in the warm histogram. */
  n: count,
  /** Of the warm histogram, ns; null when it is empty. */
  quantilesNs: quantilesNs.nullable(),
  /** HDR V2 compressed base64, ns. */
  warm: z.string(),
  cold: z.string(),
  extra: z.record(z.string(), z.string()),
  /** Of the histograms in `extra` that hold anything, ns. */
  extraQuantilesNs: z.record(z.string(), quantilesNs).optional(),
  /** Of `cold`, ns; absent when no connection was opened. */
  coldQuantilesNs: quantilesNs.optional(),
  /** Further counts of the load profile, e.g. `backlog`. */
  counters: z.record(z.string(), count).optional(),
  firstError: z.string().optional(),
})

const generatorHealth = z.strictObject({
  client: z.string(),
  /** Which of several client pods, from 0; each has an entry of its own. Absent: there is one. */
  instance: count.optional(),
  load: z.string(),
  wallMs: z.number(),
  cpuMs: z.number(),
  eventLoopDelayP99Ms: z.number(),
  eventLoopUtilization: z.number(),
  runDelayNsPerRequest: z.number().nullable(),
  involuntarySwitches: count,
})

const hostHealth = z.strictObject({
  /** Share of time in which some task waited for a CPU, 0 to 1; null without PSI. */
  cpuPressure: z.number().nullable(),
  steal: z.number(),
  busy: z.number(),
  loadAverage1m: z.number(),
  /** Share of all CPU time used by others than the testbed's components and generators; absent where not known. */
  otherBusy: z.number().optional(),
})

const componentCpu = z.array(z.strictObject({ component, cpuMs: z.number() }))

/** One slot of a round: one client sent one load over these paths, and nobody else sent anything. */
const turnCpu = z.strictObject({
  client: z.string(),
  load: z.string(),
  paths: z.array(z.string()),
  /** CPU time of the load generator, of all its pods together, ms. */
  generatorCpuMs: z.number(),
  /** CPU time of each component, ms. */
  componentCpu,
})

export const roundEvent = z.strictObject({
  type: z.literal('round'),
  build: count,
  round: count,
  at: z.string(),
  durationMs: z.number(),
  paths: z.array(pathRound),
  evidence: z.array(pathEvidence),
  generators: z.array(generatorHealth),
  host: hostHealth,
  /** CPU time of each component in this round, ms; where counters move every ten seconds only, since the round before. */
  componentCpu,
  /** CPU time of each turn, in the order in which they ran; absent where it can only be read for longer times. */
  turns: z.array(turnCpu).optional(),
  /** Components that a CPU quota kept from running in this round, and for how long; absent when there is none. */
  throttled: z.array(z.strictObject({ component, throttledMs: z.number() })).optional(),
  /** Why this round is suspect, e.g. `lost-requests`, `event-loop-delay`; empty means valid. */
  flags: z.array(z.string()),
})

/** Evidence of a little load before the first round of a build; in strict mode the run stops here when it is wrong. */
export const proofEvent = z.strictObject({
  type: z.literal('proof'),
  build: count,
  at: z.string(),
  load: z.string(),
  evidence: z.array(pathEvidence),
})

/** Outcome of a path that must not exist. */
export const unreachableEvent = z.strictObject({
  type: z.literal('unreachable'),
  build: count,
  path: z.string(),
  at: z.string(),
  /** True when the request failed, as expected. */
  confirmed: z.boolean(),
  observed: z.string(),
  afterMs: z.number(),
})

export const noteEvent = z.strictObject({
  type: z.literal('note'),
  at: z.string(),
  level: z.enum(['info', 'warning', 'error']),
  message: z.string(),
})

export const endEvent = z.strictObject({
  type: z.literal('end'),
  at: z.string(),
  status: z.enum(['complete', 'interrupted', 'failed', 'path-mismatch', 'void']),
  reason: z.string().optional(),
})

export const journalEvent = z.discriminatedUnion('type', [
  runHeader,
  buildEvent,
  proofEvent,
  roundEvent,
  unreachableEvent,
  noteEvent,
  endEvent,
])

export type RunHeader = z.infer<typeof runHeader>
export type Environment = RunHeader['environment']
export type BuildEvent = z.infer<typeof buildEvent>
export type PathEvidence = z.infer<typeof pathEvidence>
export type PathRound = z.infer<typeof pathRound>
export type QuantilesNs = z.infer<typeof quantilesNs>
export type RoundEvent = z.infer<typeof roundEvent>
export type GeneratorHealth = z.infer<typeof generatorHealth>
export type HostHealth = z.infer<typeof hostHealth>
export type ProofEvent = z.infer<typeof proofEvent>
export type UnreachableEvent = z.infer<typeof unreachableEvent>
export type NoteEvent = z.infer<typeof noteEvent>
export type EndEvent = z.infer<typeof endEvent>
export type JournalEvent = z.infer<typeof journalEvent>
export type EndStatus = EndEvent['status']

/** One round without its histograms and observations: what statistics over many runs need, a hundred times smaller. */
export const roundDigest = roundEvent
  .omit({ paths: true, evidence: true, componentCpu: true, turns: true })
  .extend({
    paths: z.array(pathRound.omit({ warm: true, cold: true, extra: true })),
    evidence: z.array(pathEvidence.pick({ path: true, verdict: true })),
    /** CPU time of each of the run's `components`, in their order, ms; null where one was not seen in this round. */
    componentCpuMs: z.array(z.number().nullable()),
    /** As in the journal, with CPU times in the order of `components`. */
    turns: z
      .array(turnCpu.omit({ componentCpu: true }).extend({ componentCpuMs: z.array(z.number().nullable()) }))
      .optional(),
  })

/** The evidence of one path in one build: how often each verdict was given, and one observation in full. */
export const evidenceDigest = z.strictObject({
  build: count,
  path: z.string(),
  proven: count,
  mismatch: count,
  unproven: count,
  /** The first observation of the worst verdict (`mismatch`, then `unproven`, then `proven`) and its round. */
  sample: pathEvidence,
  sampleRound: count,
})

/**
 * `result.json`: the journal, digested. Histograms are merged over all rounds and evidence is counted; what each
 * round recorded and saw stays in the journal.
 */
export const runResult = runHeader.omit({ type: true }).extend({
  endedAt: z.string(),
  status: endEvent.shape.status,
  reason: z.string().optional(),
  builds: z.array(buildEvent.omit({ type: true })),
  proofs: z.array(proofEvent.omit({ type: true })),
  /** Everything whose CPU time was taken, in the order of `componentCpuMs`. */
  components: z.array(component),
  measured: z.array(roundDigest.omit({ type: true })),
  evidence: z.array(evidenceDigest),
  unreachable: z.array(unreachableEvent.omit({ type: true })),
  notes: z.array(noteEvent.omit({ type: true })),
  histograms: z.array(
    z.strictObject({
      path: z.string(),
      load: z.string(),
      /** All rounds, and those without flags. */
      warm: z.string(),
      warmValid: z.string(),
      cold: z.string(),
      extra: z.record(z.string(), z.string()),
    }),
  ),
})

export type RoundDigest = z.infer<typeof roundDigest>
export type EvidenceDigest = z.infer<typeof evidenceDigest>
export type RunResult = z.infer<typeof runResult>
