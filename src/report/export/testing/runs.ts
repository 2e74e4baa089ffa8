import { digestJournal } from '../../../results/digest.ts'
import type { JournalEvent, RunResult } from '../../../results/schema.ts'
import {
  sampleBuild,
  sampleEnd,
  sampleEvents,
  sampleHeader,
  samplePathRound,
  samplePaths,
  sampleRound,
} from '../../../results/testing/sample-run.ts'

async function digest(events: readonly JournalEvent[]): Promise<RunResult> {
  async function* stream() {
    yield* events
  }
  return digestJournal(stream())
}

/** A hop ladder of 12 rounds, the second of them flagged. */
export function ladderRun(): Promise<RunResult> {
  return digest(sampleEvents({ rounds: 12 }))
}

/** Names as someone who shares a result file could choose them. */
export const hostileNames = [
  `=cmd|' /C calc'!A0`,
  '@SUM(1+1)*cmd',
  '-2+3',
  '\t=1',
  'a b/c=d-4',
  '"quoted", and\r\na second line',
  '\u001b]0;owned\u0007\u009b31m',
  '../../../etc/passwd',
  '__proto__',
  '',
  '# EOF',
  'BenchmarkPath/x 1 1 ns/op',
  '</script><script>alert(1)</script>',
  'back\\slash`${}`',
  'Ünï→東京🛰',
  'half \ud800 character',
  'line\u2028separator',
] as const

/** A run in which paths, loads, scenario, engine and CPU are all called `name`. */
export function hostileRun(name: string): Promise<RunResult> {
  const header = sampleHeader({
    scenario: { ...sampleHeader().scenario, name, title: name },
    environment: { ...sampleHeader().environment, cpuModel: name, architecture: name },
    hopmeterVersion: name,
    loads: [{ id: name, profile: 'pingpong' }],
    paths: [{ ...samplePaths[1]!, name }],
    labels: { [name]: name },
  })
  const round = sampleRound()
  return digest([
    header,
    { ...sampleBuild(), engine: { name, version: name } },
    { ...round, evidence: [], paths: [samplePathRound([400_000, 500_000], { path: name, load: name })] },
    sampleEnd,
  ])
}

/** A run whose only round is flagged and measured nothing. */
export function emptyRun(): Promise<RunResult> {
  const paths = [samplePathRound([], { path: 'single' })]
  return digest([sampleHeader(), sampleBuild(), { ...sampleRound(), paths, flags: ['errors'] }, sampleEnd])
}
