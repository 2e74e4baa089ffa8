import { z } from 'zod'
import { profileNames } from '../load/profiles.ts'
import { limits, tooMany, type LimitName } from './limits.ts'
import { runIdPattern } from './run-id.ts'

/**
 * Version of everything below. Readers accept this and older ones, and refuse newer ones with a clear error.
 * 2: restarts, and random halves of requests instead of an A/A control. All that it adds is optional, so a file of
 * version 1 reads as a run whose builds have one start each.
 */
export const resultSchemaVersion = 2

const count = z.number().int().nonnegative()
const positive = count.min(1)
/** A time in ms: 30 years are more than any run takes, and numbers beyond every use have no place in a chart. */
const ms = z.number().nonnegative().max(1e12)
const ns = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER)
const share = z.number().min(0).max(1)
const text = z.string().max(limits['characters per text'], tooMany('characters per text'))
/** A moment, in any form that Date reads. */
const moment = text.refine((at) => Number.isFinite(Date.parse(at)), 'not a time such as 2026-11-23T01:02:03Z')
const listOf = <T extends z.ZodType>(item: T, limit: LimitName) =>
  z.array(item).max(limits[limit], tooMany(limit))
const recordOf = <T extends z.ZodType>(value: T, limit: LimitName) =>
  z.record(text, value).refine((record) => Object.keys(record).length <= limits[limit], tooMany(limit))

/** Ids become file and directory names, so nothing else may pass. */
const runId = z.string().regex(runIdPattern, 'not a run id such as 2026-11-23t01-02-03z-hop-ladder-7f3a')
const component = z.strictObject({
  kind: z.enum(['client-pod', 'ztunnel', 'east-west-gateway', 'load-balancer', 'server-pod']),
  cluster: text,
  node: z.number().int().positive().optional(),
  /** Of which of the run's variants; absent where it has none. */
  variant: text.optional(),
})

/** What the load was, and a short id (`pingpong`, `closed-c16`) that tells loads of one run apart. */
const load = z.looseObject({
  id: text,
  profile: z.enum(profileNames),
  connections: positive.max(1_000_000).optional(),
  ratePerSecond: z.number().positive().max(1e9).optional(),
  requestBytes: count.optional(),
  responseBytes: count.optional(),
})

const plannedPath = z.strictObject({
  /** Unique in the run; with variants `<path of the scenario>@<variant>`. */
  name: text,
  /** With variants: which of them this is, and the name that it has in the scenario. Absent: there are none. */
  variant: text.optional(),
  scenarioPath: text.optional(),
  client: z.strictObject({ cluster: text, node: count }),
  server: z.strictObject({ cluster: text, node: count }),
  mesh: z.enum(['ambient', 'none']),
  /** Number of components, or the reason why the path must not exist. */
  hops: positive.max(limits['components per path']).nullable(),
  protocol: z.enum(['TCP', 'HBONE', 'DOUBLEHBONE']).nullable(),
  expected: listOf(component, 'components per path'),
  unreachableBecause: text.optional(),
  /** Round-trip delay that the testbed adds between client and server, ms; absent: none. */
  addedRttMs: ms.optional(),
  /** Until version 1: name of the path of which this was the A/A control. */
  controlOf: text.optional(),
})

/** First line of a journal. No secrets and, unless asked for, no host names. */
export const runHeader = z.strictObject({
  type: z.literal('run'),
  schemaVersion: z.union([z.literal(1), z.literal(resultSchemaVersion)]),
  id: runId,
  startedAt: moment,
  hopmeterVersion: text,
  scenario: z.strictObject({ name: text, title: text, hash: text, text: text }),
  /** What shapes the numbers beyond the scenario text: flags that changed rounds, loads or paths. */
  overrides: recordOf(text, 'names per list'),
  seed: count.max(0xffff_ffff),
  backend: z.enum(['lab', 'kind', 'contexts']),
  /** Pods per client that sent the same load at the same time; histograms hold the requests of all. Absent: one. */
  clients: positive.optional(),
  verify: z.enum(['strict', 'warn', 'off']),
  rounds: z.strictObject({
    /** Rounds of each restart. */
    count: positive,
    durationMs: ms,
    warmupMs: ms,
    builds: positive,
    /** Starts of all programs in each build, the first included. Absent: one. */
    restarts: positive.optional(),
  }),
  loads: listOf(load, 'loads per run'),
  paths: listOf(plannedPath, 'paths per run'),
  /** Versions or settings that stood side by side; the first is what others are compared with. Absent: one of all. */
  variants: listOf(
    z.strictObject({
      name: text,
      /** What was asked of it, e.g. `ztunnel-threads: 1`; local files are not named. */
      settings: recordOf(text, 'names per list'),
    }),
    'names per list',
  ).optional(),
  /**
   * Variants were measured one after the other: in every restart each has starts and rounds of its own, in an order that
   * is balanced over restarts. Absent: every round has all of them.
   */
  switched: z.literal(true).optional(),
  environment: z.looseObject({
    kernel: text,
    cpuModel: text,
    cores: count,
    memoryMiB: count,
    clockSource: text,
    virtualization: text,
    node: text,
    loadAverage: z.array(z.number().nonnegative().max(1e9)).max(3),
    hostname: text.optional(),
    architecture: text.optional(),
    /** Hardware threads share cores; absent where the system does not say. */
    smt: z.boolean().optional(),
    /** `cpufreq` governor, or `none` where the guest has no say over frequencies. */
    cpuGovernor: text.optional(),
    /** `cpuidle` driver and governor, e.g. `haltpoll/haltpoll`: how an idle CPU wakes shapes every latency. */
    cpuIdle: text.optional(),
    /** Container runtime that hopmeter itself ran in, or `none`. */
    container: text.optional(),
  }),
  labels: recordOf(text, 'names per list'),
  /** The newest calibration of this machine before the run, in short; absent when there is none. */
  calibration: z
    .strictObject({
      at: moment,
      passed: z.boolean(),
      checks: z.array(
        z.strictObject({
          name: text,
          measuredUs: z.number().min(-1e12).max(1e12).nullable(),
          limit: text,
          passed: z.boolean(),
        }),
      ),
    })
    .optional(),
})

const engine = z.strictObject({
  name: text,
  version: text,
  /** Stand-ins forwarded the bytes. Absent for others, and in files of before it was recorded. */
  simulated: z.boolean().optional(),
})

/** One stand-up of the testbed. */
export const buildEvent = z.strictObject({
  type: z.literal('build'),
  build: positive,
  at: moment,
  /** With variants: that of the first. */
  engine,
  /** What forwarded the bytes of each variant, in their order. Absent where the run has none. */
  variants: listOf(
    z.strictObject({ name: text, engine, loadBalancer: text, facts: recordOf(text, 'names per list') }),
    'names per list',
  ).optional(),
  /** How CPU times of components were read; absent where they were not, and in files of before it was recorded. */
  cpuSource: z.strictObject({ name: text, perTurn: z.boolean(), coversTestbed: z.boolean() }).optional(),
  delayMethod: text,
  loadBalancer: text,
  facts: recordOf(text, 'names per list'),
  upMs: ms,
})

/** Programs that forward or answer bytes started (anew), were proven and warmed up: what the rounds that follow share. */
export const restartEvent = z.strictObject({
  type: z.literal('restart'),
  build: positive,
  /** 1-based within its build; the first comes with the build. */
  restart: positive,
  /** Which variant was started; absent where all stand side by side, or there are none. */
  variant: text.optional(),
  at: moment,
  /** Stopping and starting the programs, connecting and proving, ms. */
  startMs: ms,
  warmupMs: ms,
  /** `path/load` whose level was still moving when warm-up had to end; empty when all had settled. */
  unsettled: listOf(text, 'samples per round'),
  /** What started, where that differs from start to start: images by digest. */
  facts: recordOf(text, 'names per list').optional(),
})

/** What was observed of one path in one window, and whether it is what the path rule expects. */
export const pathEvidence = z.strictObject({
  path: text,
  verdict: z.enum(['proven', 'mismatch', 'unproven']),
  observed: listOf(component, 'components per path'),
  observedProtocol: z.enum(['TCP', 'HBONE', 'DOUBLEHBONE']).nullable(),
  /** One line per component: peer, upstream, connections and bytes of the window. */
  hops: listOf(
    z.strictObject({
      component,
      source: text.optional(),
      sourceIdentity: text.optional(),
      requested: text.optional(),
      upstream: text.optional(),
      connections: count.optional(),
      bytesUp: count.optional(),
      bytesDown: count.optional(),
    }),
    'components per path',
  ),
  answeredBy: listOf(z.strictObject({ cluster: text, pod: text, count }), 'names per list'),
  /** Responses that the server says it completed for this path in the window. */
  served: count.optional(),
  /** Why it is a mismatch or unproven: expected, seen, likely cause. */
  reasons: listOf(text, 'names per list'),
  /** Client pods that this holds for, each by itself; `hops` are one pod's. Absent: one. */
  clients: count.optional(),
})

/** HDR V2 compressed base64; what it may hold is for the decoder to say. */
const histogram = z.string()

const quantilesNs = z.strictObject({
  p50: ns,
  p90: ns,
  p99: ns,
  p999: ns,
  min: ns,
  max: ns,
  mean: ns,
})

/** One path under one load in one round. */
export const pathRound = z.strictObject({
  path: text,
  load: text,
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
  /**
   * The same of each of two random halves of them: what they differ by is the path's own noise. Absent where they were
   * not told apart, null where one is empty.
   */
  halvesNs: z.tuple([quantilesNs.nullable(), quantilesNs.nullable()]).optional(),
  /** HDR V2 compressed base64, ns. */
  warm: histogram,
  cold: histogram,
  extra: recordOf(histogram, 'histograms per sample'),
  /** Of the histograms in `extra` that hold anything, ns. */
  extraQuantilesNs: recordOf(quantilesNs, 'histograms per sample').optional(),
  /** Of `cold`, ns; absent when no connection was opened. */
  coldQuantilesNs: quantilesNs.optional(),
  /** Further counts of the load profile, e.g. `backlog`. */
  counters: recordOf(count, 'names per list').optional(),
  firstError: text.optional(),
})

const generatorHealth = z.strictObject({
  client: text,
  /** Which of several client pods, from 0; each has an entry of its own. Absent: there is one. */
  instance: count.optional(),
  load: text,
  wallMs: ms,
  cpuMs: ms,
  /** Until version 1: 99th percentile of the event-loop delay above its 1 ms resolution. */
  eventLoopDelayP99Ms: ms.optional(),
  eventLoopUtilization: share,
  runDelayNsPerRequest: ns.nullable(),
  involuntarySwitches: count,
})

const hostHealth = z.strictObject({
  /** Share of time in which some task waited for a CPU, 0 to 1; null without PSI. */
  cpuPressure: share.nullable(),
  steal: share,
  busy: share,
  loadAverage1m: z.number().nonnegative().max(1e9),
  /** Share of all CPU time used by others than the testbed's components and generators; absent where not known. */
  otherBusy: share.optional(),
})

const componentCpu = listOf(z.strictObject({ component, cpuMs: ms }), 'components per run')

/** One slot of a round: one client sent one load over these paths, and nobody else sent anything. */
const turnCpu = z.strictObject({
  client: text,
  load: text,
  paths: listOf(text, 'paths per run'),
  /** CPU time of the load generator, of all its pods together, ms. */
  generatorCpuMs: ms,
  /** CPU time of each component, ms. */
  componentCpu,
})

export const roundEvent = z.strictObject({
  type: z.literal('round'),
  build: positive,
  /** Absent: the first. */
  restart: positive.optional(),
  /** 1-based within its restart, and of its variant where a round has but one. */
  round: positive,
  /** The only variant that it measured; absent where it measured all, or there are none. */
  variant: text.optional(),
  at: moment,
  durationMs: ms,
  paths: listOf(pathRound, 'samples per round'),
  evidence: listOf(pathEvidence, 'paths per run'),
  generators: listOf(generatorHealth, 'generators per round'),
  host: hostHealth,
  /** CPU time of each component in this round, ms; where counters move every ten seconds only, since the round before. */
  componentCpu,
  /** CPU time of each turn, in the order in which they ran; absent where it can only be read for longer times. */
  turns: listOf(turnCpu, 'turns per round').optional(),
  /** Components that a CPU quota kept from running in this round, and for how long; absent when there is none. */
  throttled: listOf(z.strictObject({ component, throttledMs: ms }), 'components per run').optional(),
  /** Why this round is suspect, e.g. `lost-requests`, `other-load`; empty means valid. */
  flags: listOf(text, 'names per list'),
})

/** Evidence of a little load before the first round of a restart; in strict mode the run stops here when it is wrong. */
export const proofEvent = z.strictObject({
  type: z.literal('proof'),
  build: positive,
  restart: positive.optional(),
  at: moment,
  load: text,
  evidence: listOf(pathEvidence, 'paths per run'),
})

/** Outcome of a path that must not exist. */
export const unreachableEvent = z.strictObject({
  type: z.literal('unreachable'),
  build: positive,
  path: text,
  at: moment,
  /** True when the request failed, as expected. */
  confirmed: z.boolean(),
  observed: text,
  afterMs: ms,
})

export const noteEvent = z.strictObject({
  type: z.literal('note'),
  at: moment,
  level: z.enum(['info', 'warning', 'error']),
  message: text,
})

export const endEvent = z.strictObject({
  type: z.literal('end'),
  at: moment,
  status: z.enum(['complete', 'interrupted', 'failed', 'path-mismatch', 'void']),
  reason: text.optional(),
})

export const journalEvent = z.discriminatedUnion('type', [
  runHeader,
  buildEvent,
  proofEvent,
  restartEvent,
  roundEvent,
  unreachableEvent,
  noteEvent,
  endEvent,
])

export type RunHeader = z.infer<typeof runHeader>
export type Environment = RunHeader['environment']
/** Something that the bytes pass, as results name it. */
export type RecordedComponent = z.infer<typeof component>
export type BuildEvent = z.infer<typeof buildEvent>
export type RestartEvent = z.infer<typeof restartEvent>
export type PathEvidence = z.infer<typeof pathEvidence>
export type PathRound = z.infer<typeof pathRound>
export type QuantilesNs = z.infer<typeof quantilesNs>
export type RoundEvent = z.infer<typeof roundEvent>
export type GeneratorHealth = z.infer<typeof generatorHealth>
export type HostHealth = z.infer<typeof hostHealth>
export type UnreachableEvent = z.infer<typeof unreachableEvent>
export type EndEvent = z.infer<typeof endEvent>
export type JournalEvent = z.infer<typeof journalEvent>
export type EndStatus = EndEvent['status']

/** One round without its histograms and observations: what statistics over many runs need, a hundred times smaller. */
export const roundDigest = roundEvent
  .omit({ paths: true, evidence: true, componentCpu: true, turns: true })
  .extend({
    paths: listOf(pathRound.omit({ warm: true, cold: true, extra: true }), 'samples per round'),
    evidence: listOf(pathEvidence.pick({ path: true, verdict: true }), 'paths per run'),
    /** CPU time of each of the run's `components`, in their order, ms; null where one was not seen in this round. */
    componentCpuMs: listOf(ms.nullable(), 'components per run'),
    /** As in the journal, with CPU times in the order of `components`. */
    turns: z
      .array(
        turnCpu
          .omit({ componentCpu: true })
          .extend({ componentCpuMs: listOf(ms.nullable(), 'components per run') }),
      )
      .optional(),
  })

/** The evidence of one path in one build: how often each verdict was given, and one observation in full. */
export const evidenceDigest = z.strictObject({
  build: positive,
  path: text,
  proven: count,
  mismatch: count,
  unproven: count,
  /** The first observation of the worst verdict (`mismatch`, then `unproven`, then `proven`) and its round. */
  sample: pathEvidence,
  /** Absent: the first. */
  sampleRestart: positive.optional(),
  sampleRound: count,
})

/**
 * `result.json`: the journal, digested. Histograms are merged over all rounds and evidence is counted; what each
 * round recorded and saw stays in the journal.
 */
export const runResult = runHeader.omit({ type: true }).extend({
  endedAt: moment,
  status: endEvent.shape.status,
  reason: text.optional(),
  builds: listOf(buildEvent.omit({ type: true }), 'events beside rounds'),
  proofs: listOf(proofEvent.omit({ type: true }), 'events beside rounds'),
  restarts: listOf(restartEvent.omit({ type: true }), 'events beside rounds').default([]),
  /** Everything whose CPU time was taken, in the order of `componentCpuMs`. */
  components: listOf(component, 'components per run'),
  measured: z.array(roundDigest.omit({ type: true })),
  evidence: listOf(evidenceDigest, 'events beside rounds'),
  unreachable: listOf(unreachableEvent.omit({ type: true }), 'events beside rounds'),
  notes: listOf(noteEvent.omit({ type: true }), 'events beside rounds'),
  histograms: z.array(
    z.strictObject({
      path: text,
      load: text,
      /** All rounds, and those without flags. */
      warm: histogram,
      warmValid: histogram,
      cold: histogram,
      extra: recordOf(histogram, 'histograms per sample'),
    }),
  ),
})

export type EvidenceDigest = z.infer<typeof evidenceDigest>
export type RunResult = z.infer<typeof runResult>
export type RoundDigest = z.infer<typeof roundDigest>
