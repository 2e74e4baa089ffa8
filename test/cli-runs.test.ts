import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRunDirectory } from '../src/results/run-directory.ts'
import { sampleEvents } from '../src/results/testing/sample-run.ts'
import { eventually, Hopmeter } from './support/hopmeter.ts'

let hopmeter: Hopmeter

beforeEach(async () => {
  hopmeter = await Hopmeter.create()
})

afterEach(() => hopmeter.dispose())

const runIds = ['2026-11-21t10-00-00z-hop-ladder-0001', '2026-11-22t10-00-00z-hop-ladder-0002'] as const

/** A kept run of two rounds. */
async function keepRun(id: string): Promise<void> {
  const directory = await createRunDirectory(path.join(hopmeter.folder, 'results'), id, 'name: x\n')
  for (const event of sampleEvents({ rounds: 2 }))
    await directory.append(event.type === 'run' ? { ...event, id } : event)
  await directory.finish()
}

describe('kept runs', () => {
  test('are listed by "results" alone, wherever they are', async () => {
    await keepRun(runIds[0])
    const { code, stdout } = await hopmeter.call(['results', '--results', 'results'])
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`^RUN .*\n${runIds[0]} `))
    expect(await hopmeter.call(['results', 'list'])).toMatchObject({ code: 0, stdout })
    const json = await hopmeter.call(['results', '-o', 'json'])
    expect(JSON.parse(json.stdout)).toMatchObject([{ id: runIds[0], rounds: 2 }])
  })

  test('that cannot be read are named, and latest is the newest of the others', async () => {
    await keepRun(runIds[0])
    mkdirSync(path.join(hopmeter.folder, 'results', runIds[1]))
    const { code, stdout, stderr } = await hopmeter.call(['compare', 'latest#single', 'latest#gateway'])
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stdout).toContain('gateway')
    expect(stderr.match(new RegExp(`${runIds[1]} cannot be read and is skipped`, 'g'))).toHaveLength(1)
    expect(stderr).toContain(`latest is ${runIds[0]}`)
    expect((await hopmeter.call(['results'])).stderr).toContain(`${runIds[1]} cannot be read: `)
  })

  test.each([
    ['chart', 'latest', '--out', '/proc/hopmeter/charts'],
    ['report', 'latest', '--format', 'markdown', '--out', '/proc/hopmeter/report.md'],
    ['report', 'latest', '--no-charts', '--out', '/proc/hopmeter.html'],
    ['export', 'latest', '--format', 'csv', '--out', '/proc/hopmeter.csv'],
  ])('%s %s where nothing can be written fails and says so', async (...args) => {
    await keepRun(runIds[0])
    const { code, stdout, stderr } = await hopmeter.call(args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^Error: cannot write \/proc\/hopmeter.*: ENOENT.*\n {2}next: .*--out/)
  })

  test('are written to standard output where --out says so, and to the format that a name says', async () => {
    await keepRun(runIds[0])
    const plain = await hopmeter.run(['export', 'latest', '--format', 'csv'])
    for (const out of ['-', '/dev/stdout'])
      expect(await hopmeter.run(['export', 'latest', '--format', 'csv', '--out', out])).toEqual(plain)
    const html = await hopmeter.run(['report', 'latest', '--no-charts', '--out', '-'])
    expect(html.stdout).toMatch(/^<!doctype html>/i)
    const markdown = await hopmeter.run(['report', 'latest', '--format', 'markdown', '--out', '-'])
    expect(markdown.stdout).toMatch(/^# Every component/)
    expect(existsSync(path.join(hopmeter.folder, '-'))).toBe(false)
    expect((await hopmeter.run(['report', 'latest', '--no-charts', '--out', 'x.MD'])).code).toBe(0)
    expect(readFileSync(path.join(hopmeter.folder, 'x.MD'), 'utf8')).toMatch(/^# Every component/)
    expect(await hopmeter.run(['report', '--format', 'html', '--out', 'x.md'])).toMatchObject({ code: 2 })
    expect(await hopmeter.run(['chart', 'latest', '--out', '-'])).toMatchObject({ code: 2 })
  })

  test('are never written through what lies in their folder', async () => {
    await keepRun(runIds[0])
    const folder = path.join(hopmeter.folder, 'results', runIds[0])
    const elsewhere = path.join(hopmeter.folder, 'elsewhere')
    mkdirSync(elsewhere)
    await writeFile(path.join(elsewhere, 'precious'), 'precious')
    symlinkSync(path.join(elsewhere, 'precious'), path.join(folder, 'report.html'))
    execFileSync('mkfifo', [path.join(folder, 'report.md')])
    symlinkSync(elsewhere, path.join(folder, 'report-charts'))
    symlinkSync(path.join(elsewhere, 'precious'), path.join(folder, 'ladder-pingpong.svg'))
    for (const args of [
      ['report', 'latest'],
      ['report', 'latest', '--format', 'markdown'],
      ['report', 'latest', '--format', 'markdown', '--no-charts'],
      ['chart', 'latest', '--kind', 'ladder', '--format', 'svg'],
    ]) {
      const { code, stderr } = await hopmeter.run(args)
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(/cannot write .*: it is (a link|not a file)/) as string,
      })
    }
    expect(readdirSync(elsewhere)).toEqual(['precious'])
    expect(readFileSync(path.join(elsewhere, 'precious'), 'utf8')).toBe('precious')
  })

  test('are refused at once when a pipe or device stands for one of their files', async () => {
    for (const [i, name] of ['journal.ndjson', 'result.json'].entries()) {
      const folder = path.join(hopmeter.folder, 'results', `2026-11-2${i + 1}t10-00-00z-hop-ladder-0001`)
      mkdirSync(folder, { recursive: true })
      const file = path.join(folder, name)
      if (i === 0) execFileSync('mkfifo', [file])
      else symlinkSync('/dev/zero', file)
      for (const args of [['results'], ['summary', folder], ['summary', file], ['report', folder]]) {
        const { stdout, stderr } = await hopmeter.run(args)
        expect(stdout + stderr).toContain('not a regular file')
      }
    }
  })

  test('are not begun where no folder can be made', async () => {
    const { code, stderr } = await hopmeter.call([
      'run',
      'single-cluster',
      '--results',
      '/proc/hopmeter/runs',
    ])
    expect(code).toBe(1)
    expect(stderr).toMatch(/Error: cannot write \/proc\/hopmeter\/runs: ENOENT.*\n {2}next: .*--results/)
  })
})

describe('a verb that measures nothing', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends at the first %s with exit code %i, whatever it waits for', async (signal, exitCode) => {
    const pipe = path.join(hopmeter.folder, 'never-written.yaml')
    execFileSync('mkfifo', [pipe])
    // As a shell sees it: whether hopmeter exits with the code or dies of the signal is the same to users.
    const { child, done } = hopmeter.start(['show', pipe])
    let writer: number | undefined
    try {
      // A pipe opens for writing without waiting as soon as somebody reads it.
      await eventually(() => {
        try {
          writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
        } catch {
          return child.exitCode !== null
        }
        return true
      }, 'the scenario is being read')
      child.kill(signal)
      const end = await done
      expect(end.stderr).toBe(`\n${signal}: stopped\n`)
      expect(end.signal === signal || end.code === exitCode).toBe(true)
    } finally {
      if (writer !== undefined) closeSync(writer)
    }
  })

  test('ends at the first SIGTERM while it waits for standard input', async () => {
    const pipe = path.join(hopmeter.folder, 'stdin')
    execFileSync('mkfifo', [pipe])
    // Open for both, so that nobody waits for the other side and the end never comes.
    const command = ['sh', '-c', 'pipe=$0; exec "$@" <>"$pipe"', pipe]
    const { child, done } = hopmeter.start(['show', '-'], { command })
    await eventually(() => child.exitCode !== null || catchesHangUp(child.pid!), 'it listens to signals')
    child.kill('SIGTERM')
    const { code, signal, stderr } = await done
    expect(stderr).toBe('\nSIGTERM: stopped\n')
    // A read that never returns cannot be waited for: then the signal ends it, and a shell says 143 all the same.
    expect([143, 'SIGTERM']).toContain(code ?? signal)
  })
})

/** Node by itself leaves this signal alone. */
function catchesHangUp(pid: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return (BigInt(`0x${caught ?? '0'}`) & 1n) === 1n
}

describe('import', () => {
  const fortio = path.join(import.meta.dirname, '../src/report/export/testing/fortio-1.75.3.json')

  test('reads standard input, once', async () => {
    const input = readFileSync(fortio, 'utf8')
    expect(await hopmeter.run(['import', '-'], { input })).toEqual(await hopmeter.run(['import', fortio]))
    expect(await hopmeter.run(['import', '-', '-'], { input })).toMatchObject({ code: 2 })
  })

  test('does not read a device for ever', async () => {
    const { code, stderr } = await hopmeter.run(['import', '/dev/zero'])
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('larger') as string })
  })
})
