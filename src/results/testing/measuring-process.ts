/**
 * A process that keeps a run as fast as it can, for tests that kill it or fill its disk.
 * Usage: measuring-process.ts <results root> [<size of a tmpfs to mount there first>]
 * Prints one JSON line per durable event: `{"durable":<number>}`; on an error `{"error","hint"}`, then it ends the run.
 */
import { readdir, rm, writeFile } from 'node:fs/promises'
import { ResultError } from '../../errors.ts'
import { run } from '../../process/exec.ts'
import { createRunDirectory, type RunDirectory } from '../run-directory.ts'
import { openRun } from '../store.ts'
import { sampleBuild, sampleHeader, sampleId, sampleRound } from './sample-run.ts'

const [root, tmpfsSize] = process.argv.slice(2)
if (root === undefined) throw new Error('no results root')

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

async function attempt(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action()
    return true
  } catch (error) {
    if (!(error instanceof ResultError)) throw error
    say({ error: error.message, hint: error.hint })
    return false
  }
}

async function measureUntilItFails(directory: RunDirectory): Promise<void> {
  let durable = 0
  const record = async (event: Parameters<RunDirectory['append']>[0]) => {
    await directory.append(event)
    say({ durable: (durable += 1) })
  }
  await record(sampleHeader())
  await record(sampleBuild())
  for (let round = 1; ; round++) await record(sampleRound({ round, requests: 50 }))
}

/** Room that comes back when the ballast goes: enough for a last line, not for a result. */
const ballast = `${root}/ballast`
if (tmpfsSize !== undefined) {
  await run('mount', ['-t', 'tmpfs', '-o', `size=${tmpfsSize}`, 'tmpfs', root])
  await writeFile(ballast, Buffer.alloc(8192))
}
const directory = await createRunDirectory(root, sampleId, sampleHeader().scenario.text)
await attempt(() => measureUntilItFails(directory))
await rm(ballast, { force: true })
const at = new Date().toISOString()
await attempt(() => directory.append({ type: 'end', at, status: 'failed', reason: 'disk full' }))
await attempt(() => directory.finish())
if (tmpfsSize !== undefined) {
  // The mount is visible in here only: what is left on the full disk has to be told.
  const { result, rebuilt } = await openRun(root, sampleId)
  const files = (await readdir(directory.path)).toSorted()
  say({ files, status: result.status, rounds: result.measured.length, rebuilt })
}
