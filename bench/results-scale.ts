/**
 * How long does it take, and how much memory, to list and to load many runs?
 * Usage: tsx bench/results-scale.ts [<runs>, 1000 when not given] [<rounds per run>, 40]
 * Target: 1,000 digests loaded and kept in under 5 s and 300 MB.
 */
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { run } from '../src/process/exec.ts'
import { createRunDirectory, runFiles } from '../src/results/run-directory.ts'
import { newRunId } from '../src/results/run-id.ts'
import { bundled } from '../src/results/testing/bundled.ts'
import { sampleEvents, sampleId } from '../src/results/testing/sample-run.ts'

const modes = [
  'list all runs',
  'load all results and keep them',
  'load all results, keep what a comparison needs',
]

async function main(runs: number, rounds: number): Promise<void> {
  const root = mkdtempSync(path.join(tmpdir(), 'hopmeter-scale-'))
  try {
    const first = await createRunDirectory(root, sampleId, 'name: hop-ladder\n')
    for (const event of sampleEvents({ rounds, requests: 2000 })) await first.append(event)
    await first.finish()
    const journal = path.join(first.path, runFiles.journal)
    const result = readFileSync(path.join(first.path, runFiles.result), 'utf8')
    for (let i = 1; i < runs; i++) {
      const id = newRunId('hop-ladder', new Date(Date.UTC(2026, 0, 1) + i * 3_600_000))
      mkdirSync(path.join(root, id))
      linkSync(journal, path.join(root, id, runFiles.journal))
      writeFileSync(path.join(root, id, runFiles.result), result.replace(sampleId, id))
    }
    const kib = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`
    process.stdout.write(
      `a run: 6 paths, ${rounds} rounds; journal ${kib(statSync(journal).size)}, result.json ${kib(result.length)}\n`,
    )
    // A process of its own for each, so that one peak does not hide in another; bundled, as it is for users.
    const program = await bundled(new URL('results-scale-load.ts', import.meta.url), root)
    for (const mode of modes) {
      const { stdout } = await run(process.execPath, [program, mode, root])
      process.stdout.write(`${stdout}\n`)
    }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

const [runs, rounds] = process.argv.slice(2)
await main(Number(runs ?? 1000), Number(rounds ?? 40))
