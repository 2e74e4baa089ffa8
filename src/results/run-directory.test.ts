import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { ResultError } from '../errors.ts'
import { run, start } from '../process/exec.ts'
import { writeAtomically } from './durable.ts'
import { readJournal } from './journal-reader.ts'
import { createRunDirectory, runFiles } from './run-directory.ts'
import type { JournalEvent } from './schema.ts'
import { openRun } from './store.ts'
import { bundled } from './testing/bundled.ts'
import { sampleBuild, sampleEvents, sampleHeader, sampleId, sampleRound } from './testing/sample-run.ts'
import { temporaryDirectory } from './testing/temporary.ts'

const programs = mkdtempSync(path.join(tmpdir(), 'hopmeter-programs-'))
afterAll(() => rmSync(programs, { recursive: true }))
const measuringProcess = await bundled(new URL('testing/measuring-process.ts', import.meta.url), programs)

describe('a run directory', () => {
  test('holds scenario, journal and result', async () => {
    const root = path.join(temporaryDirectory(), 'deep', 'results')
    const directory = await createRunDirectory(root, sampleId, 'name: hop-ladder # ü\n')
    for (const event of sampleEvents()) await directory.append(event)
    const result = await directory.finish()
    expect(directory.path).toBe(path.join(root, sampleId))
    expect(readdirSync(directory.path).toSorted()).toEqual(Object.values(runFiles).toSorted())
    expect(readFileSync(path.join(directory.path, runFiles.scenario), 'utf8')).toBe('name: hop-ladder # ü\n')
    expect(JSON.parse(readFileSync(path.join(directory.path, runFiles.result), 'utf8'))).toEqual(result)
    expect(result.status).toBe('complete')
  })

  test('is never made over another', async () => {
    const root = temporaryDirectory()
    mkdirSync(path.join(root, sampleId))
    writeFileSync(path.join(root, sampleId, runFiles.scenario), 'mine')
    await expect(createRunDirectory(root, sampleId, 'theirs')).rejects.toThrow(/never overwritten/)
    expect(readFileSync(path.join(root, sampleId, runFiles.scenario), 'utf8')).toBe('mine')
  })

  test('cannot be made outside the root', async () => {
    const root = temporaryDirectory()
    await expect(createRunDirectory(root, '../escaped', '')).rejects.toThrow(/not a run id/)
    expect(existsSync(path.join(root, '../escaped'))).toBe(false)
  })

  test('where a file is in the way says so', async () => {
    const root = path.join(temporaryDirectory(), 'file')
    writeFileSync(root, '')
    await expect(createRunDirectory(root, sampleId, '')).rejects.toMatchObject({
      name: 'ResultError',
      hint: expect.stringContaining('--results') as string,
    })
  })

  test('finished without an end is marked as interrupted', async () => {
    const directory = await createRunDirectory(temporaryDirectory(), sampleId, '')
    await directory.append(sampleHeader())
    await directory.append(sampleRound())
    const result = await directory.finish()
    expect(result).toMatchObject({ status: 'interrupted', endedAt: sampleRound().at })
    expect(result.measured).toHaveLength(1)
  })

  test('with no event at all gives no result', async () => {
    const directory = await createRunDirectory(temporaryDirectory(), sampleId, '')
    await expect(directory.finish()).rejects.toThrow(ResultError)
    expect(existsSync(path.join(directory.path, runFiles.result))).toBe(false)
  })
})

test('whoever looks at a file that is written atomically sees all of it or none', async () => {
  const directory = temporaryDirectory()
  const file = path.join(directory, 'result.json')
  const sizes = new Set<number>()
  const watcher = watch(directory, () => sizes.add(existsSync(file) ? statSync(file).size : 0))
  onTestFinished(() => watcher.close())
  const text = 'x'.repeat(4 << 20)
  await writeAtomically(file, text)
  await writeAtomically(file, `${text}y`)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect([...sizes].filter((size) => ![0, text.length, text.length + 1].includes(size))).toEqual([])
  expect(readdirSync(directory)).toEqual(['result.json'])
})

test('what a killed writer of the same process id left behind is in nobody’s way', async () => {
  const file = path.join(temporaryDirectory(), 'result.json')
  // As versions before named it; in a container every writer may have process id 1.
  writeFileSync(path.join(path.dirname(file), `.result.json.${process.pid}.tmp`), 'half')
  for (let i = 0; i < 2; i++) await writeAtomically(file, `${i}`)
  expect(readFileSync(file, 'utf8')).toBe('1')
})

test('a run of which nothing could be recorded leaves no folder, and one with an event stays', async () => {
  const root = temporaryDirectory()
  const directory = await createRunDirectory(root, sampleId, 'text')
  await directory.discard()
  expect(readdirSync(root)).toEqual([])
  const kept = await createRunDirectory(root, sampleId, 'text')
  await kept.append(sampleHeader())
  await kept.discard()
  expect(readdirSync(root)).toEqual([sampleId])
})

test('what cannot be written names the option that says where', async () => {
  const file = path.join(temporaryDirectory(), 'no', 'such', 'folder')
  await expect(writeAtomically(file, '', '--out')).rejects.toMatchObject({
    name: 'ResultError',
    message: expect.stringContaining(`cannot write ${file}: ENOENT`) as string,
    hint: expect.stringContaining('--out') as string,
  })
})

describe('a process killed at any moment', () => {
  test('leaves every event that it had been told is durable', { timeout: 120_000 }, async () => {
    for (const killAfter of [0, 3, 20]) {
      const root = temporaryDirectory()
      const child = start(process.execPath, [measuringProcess, root])
      let durable = 0
      try {
        for await (const line of createInterface({ input: child.stdout })) {
          durable = (JSON.parse(line) as { durable: number }).durable
          // A moment later, so that it dies in the middle of writing the next ones.
          if (durable > killAfter) setTimeout(() => child.kill('SIGKILL'), 7)
        }
      } finally {
        child.kill('SIGKILL')
        await child.done.catch(() => {})
      }
      const directory = path.join(root, sampleId)
      const kept: JournalEvent[] = []
      for await (const event of readJournal(path.join(directory, runFiles.journal))) {
        kept.push(event)
      }
      const expected = kept.map((_, i) => sampleRound({ round: i - 1, requests: 50 }))
      expect(kept).toEqual([sampleHeader(), sampleBuild(), ...expected.slice(2)].slice(0, kept.length))
      expect(durable).toBeGreaterThan(killAfter)
      expect(kept.length).toBeGreaterThanOrEqual(durable)
      expect(existsSync(path.join(directory, runFiles.result))).toBe(false)
      const { result, rebuilt } = await openRun(root, 'latest')
      expect({ status: result.status, rebuilt, rounds: result.measured.length }).toEqual({
        status: 'interrupted',
        rebuilt: true,
        rounds: Math.max(0, kept.length - 2),
      })
    }
  })
})

/** Namespaces of our own: the mount is invisible outside and gone with the process. */
const unshare = ['--map-root-user', '--mount']
const canMount = await run('unshare', [...unshare, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).then(
  () => true,
  () => false,
)

describe.skipIf(!canMount)('a full disk (needs root or user namespaces, to mount a small one)', () => {
  test.each(['64k', '300k'])('of %s is reported and costs nothing measured', async (size) => {
    const root = temporaryDirectory()
    const { stdout } = await run('unshare', [...unshare, process.execPath, measuringProcess, root, size])
    const said = stdout.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
    const durable = Math.max(...said.map((line) => Number(line['durable'] ?? 0)))
    const failures = said.filter((line) => 'error' in line)
    expect(durable).toBeGreaterThan(2)
    expect(failures[0]!['error']).toMatch(
      new RegExp(`cannot write .*journal\\.ndjson: .*no space left.*the ${durable} events before are safe`),
    )
    expect(failures[0]!['hint']).toMatch(/^Free space on that file system/)
    // With a little room again the journal goes on where its last event ended; result.json leaves nothing half-written.
    expect(failures).toHaveLength(2)
    expect(failures[1]!['error']).toMatch(/cannot write .*result\.json: .*no space left/)
    const files = [runFiles.journal, runFiles.scenario]
    expect(said.at(-1)).toEqual({ files, status: 'failed', rounds: durable - 2, rebuilt: true })
  })
})
