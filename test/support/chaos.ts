import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { descendantsOf } from '../../src/backends/lab/testing/leftovers.ts'
import { openRun } from '../../src/results/store.ts'
import { seededRandom } from '../../src/random.ts'
import { Hopmeter, type Finished, type Running } from './hopmeter.ts'

/** What is told when a phase of a run begins; the attack comes some time after it. */
const phases = [
  'open private namespaces',
  'set addresses',
  'start ztunnels',
  'connecting clients',
  'proving paths',
  'warming up',
  'measuring',
  'round 2/',
  'round 5/',
  'taking the testbed down',
] as const
type Phase = (typeof phases)[number]

interface Scene {
  readonly running: Running
  readonly random: () => number
  /** A process of the run, not hopmeter itself; undefined where there is none at this moment. */
  readonly pickOne: () => number | undefined
}

interface Attack {
  /** Whether hopmeter had the time to end in order. */
  readonly endsInOrder: boolean
  readonly strike: (scene: Scene) => Promise<void> | void
}

const stopOne = ({ pickOne }: Scene) => signal(pickOne(), 'SIGSTOP')

/** What strangers do to a run. */
const attacks: Readonly<Record<string, Attack>> = {
  'kill -9': { endsInOrder: false, strike: ({ running }) => void running.child.kill('SIGKILL') },
  'kill -9 while a process is stopped': {
    endsInOrder: false,
    strike: async (scene) => {
      stopOne(scene)
      await sleep(scene.random() * 100)
      scene.running.child.kill('SIGKILL')
    },
  },
  SIGHUP: { endsInOrder: true, strike: ({ running }) => void running.child.kill('SIGHUP') },
  SIGTERM: { endsInOrder: true, strike: ({ running }) => void running.child.kill('SIGTERM') },
  'Ctrl-C': { endsInOrder: true, strike: ({ running }) => void running.child.kill('SIGINT') },
  'Ctrl-C while a process is stopped': {
    endsInOrder: true,
    strike: (scene) => {
      stopOne(scene)
      scene.running.child.kill('SIGINT')
    },
  },
  'Ctrl-C twice': {
    endsInOrder: false,
    strike: async ({ running, random }) => {
      running.child.kill('SIGINT')
      await sleep(random() * 200)
      running.child.kill('SIGINT')
    },
  },
  'a process killed': { endsInOrder: true, strike: ({ pickOne }) => signal(pickOne(), 'SIGKILL') },
  'a process stopped for a second': {
    endsInOrder: true,
    strike: async ({ pickOne }) => {
      const pid = pickOne()
      signal(pid, 'SIGSTOP')
      await sleep(1000)
      signal(pid, 'SIGCONT')
    },
  },
  'a process stopped for good': { endsInOrder: true, strike: stopOne },
  'nobody reads progress': {
    endsInOrder: true,
    strike: ({ running }) => void running.child.stderr?.destroy(),
  },
}

export const attackNames = Object.keys(attacks)

export interface Attempt {
  readonly attack: string
  readonly phase: Phase
  readonly afterMs: number
  /** What is wrong; empty when nothing is. */
  readonly hung: readonly string[]
  readonly lost: readonly string[]
  readonly left: readonly string[]
  readonly stderr: string
}

/** Every wait of hopmeter for a silent process ends before this, on a busy machine too. */
const endsWithinMs = 90_000
const goneWithinMs = 10_000
const quick = [
  ...['--restarts', '2', '--rounds', '3', '--duration', '200ms', '--warmup', '200ms'],
  ...['--seed', '1', '--no-chart'],
]

/** Attacks that many runs, each kind in turn, at random instants of random phases. */
export async function* chaos(count: number, seed: number): AsyncGenerator<Attempt> {
  const random = seededRandom(seed)
  for (let i = 0; i < count; i++) {
    const attack = attackNames[i % attackNames.length]!
    const phase = phases[Math.floor(random() * phases.length)]!
    yield await attempt(attack, phase, random() * 300, random)
  }
}

async function attempt(
  attack: string,
  phase: Phase,
  afterMs: number,
  random: () => number,
): Promise<Attempt> {
  const { endsInOrder, strike } = attacks[attack]!
  const hopmeter = await Hopmeter.create()
  try {
    const running = hopmeter.start(['run', 'single-cluster', ...quick])
    const pickOne = () => {
      const found = descendantsOf(running.child.pid ?? -1)
      return found[Math.floor(random() * found.length)]?.pid
    }
    // A run that was over before the instant came was attacked in vain, and must be right all the same.
    await running.until(phase)
    await sleep(afterMs)
    await strike({ running, random, pickOne })
    const finished = await Promise.race([running.done, sleep(endsWithinMs, undefined, { ref: false })])
    return {
      attack,
      phase,
      afterMs,
      hung: finished ? [] : [`still there after ${endsWithinMs} ms`],
      lost: finished ? await lostBy(hopmeter.folder, finished, endsInOrder) : [],
      left: finished ? await hopmeter.left(goneWithinMs) : [],
      stderr: finished?.stderr ?? '',
    }
  } finally {
    // What is left has been counted.
    await hopmeter.dispose().catch(() => {})
  }
}

/** What the journal should have and has not, and what was said instead of a reason. */
async function lostBy(
  folder: string,
  { code, signal: endedBy, stderr }: Finished,
  endsInOrder: boolean,
): Promise<readonly string[]> {
  const lost: string[] = []
  if (/^\s+at .*:\d+:\d+/m.test(stderr)) lost.push('a stack instead of a reason')
  const root = path.join(folder, 'results')
  const [id] = existsSync(root) ? readdirSync(root) : []
  if (id === undefined) return lost
  const run = path.join(root, id)
  const journal = readFileSync(path.join(run, 'journal.ndjson'), 'utf8')
  // Killed between its folder and its first line: nothing was measured, and `results` says so.
  if (journal === '' && !endsInOrder) return lost
  const { result } = await openRun(root, id)
  const told = Math.max(0, ...[...stderr.matchAll(/^round (\d+)\//gm)].map((match) => Number(match[1])))
  if (result.measured.length < told) lost.push(`${told} rounds told, ${result.measured.length} kept`)
  if (!endsInOrder) return lost
  // Once all is kept and the answer is said there is nothing to end in order.
  if (endedBy !== null && !stderr.includes('\nresult: ')) lost.push(`ended by ${endedBy}`)
  if (!existsSync(path.join(run, 'result.json'))) lost.push('no result.json')
  if (!journal.includes('{"type":"end"')) lost.push('no end in the journal')
  if (code !== 0 && (result.status === 'complete' || result.reason === undefined))
    lost.push(`exit code ${code}, but ${result.status} and the reason ${result.reason}`)
  return lost
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(pid, name)
  } catch {
    // it ended by itself
  }
}
