import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { hostHealth, readHostCounters, startHostHealth } from './host-health.ts'

const roots: string[] = []
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true })
})

function procWith(files: Record<string, string>): string {
  const root = mkdtempSync(path.join(tmpdir(), 'hopmeter-proc-'))
  roots.push(root)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
    writeFileSync(path.join(root, name), text)
  }
  return root
}

const stat = (line: string) => `cpu  ${line}\ncpu0 1 2 3 4 5 6 7 8 9 10\nbtime 1\n`
const pressure = (total: number) =>
  `some avg10=1.50 avg60=0.10 avg300=0.00 total=${total}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=77\n`

describe('counters', () => {
  test('busy, idle and steal are told apart and guest time is not counted twice', () => {
    const proc = procWith({ stat: stat('100 20 30 400 50 6 7 8 90 9'), 'pressure/cpu': pressure(1234) })
    const { atMs: _, ...counters } = readHostCounters(proc)
    expect(counters).toEqual({ busy: 163, idle: 450, steal: 8, pressureUs: 1234 })
  })

  test('a kernel without pressure stall information gives null', () => {
    expect(readHostCounters(procWith({ stat: stat('1 1 1 1 1 1 1 1 0 0') })).pressureUs).toBeNull()
  })

  test('an old kernel without the steal column counts none', () => {
    expect(readHostCounters(procWith({ stat: stat('1 2 3 4') }))).toMatchObject({
      busy: 6,
      idle: 4,
      steal: 0,
    })
  })

  test('damaged files are as good as none', () => {
    const counters = readHostCounters(procWith({ stat: stat('x y z q'), 'pressure/cpu': 'some total=' }))
    expect(counters.pressureUs).toBeNull()
    expect(counters.busy).toBeGreaterThan(0)
  })
})

describe('shares', () => {
  const at = (atMs: number, pressureUs: number | null, busy: number, idle: number, steal: number) => ({
    atMs,
    pressureUs,
    busy,
    idle,
    steal,
  })

  test('are parts of the time between two readings', () => {
    const health = hostHealth(at(1000, 5_000_000, 100, 200, 10), at(2000, 5_250_000, 150, 340, 20), 1.5)
    expect(health).toEqual({ cpuPressure: 0.25, busy: 0.25, steal: 0.05, loadAverage1m: 1.5 })
  })

  test('are zero in a window in which no counter moved', () => {
    const reading = at(1000, 7, 1, 2, 3)
    expect(hostHealth(reading, reading, 0)).toMatchObject({ cpuPressure: 0, busy: 0, steal: 0 })
  })

  test('stay within 0 and 1 when counters step back', () => {
    const health = hostHealth(at(0, 10, 10, 10, 10), at(1, 5_000_000, 20, 9, 8), 0)
    expect(health).toMatchObject({ cpuPressure: 1, busy: 1, steal: 0 })
    expect(hostHealth(at(0, 10, 0, 0, 0), at(1, 5, 0, 0, 0), 0).cpuPressure).toBe(0)
  })

  test('pressure is unknown when one reading lacks it', () => {
    expect(hostHealth(at(0, null, 0, 0, 0), at(1, 5, 0, 0, 0), 0).cpuPressure).toBeNull()
  })

  test('what happens in a pause is not the measurement’s', () => {
    const counters = [
      at(0, 0, 0, 0, 0),
      at(100, 10_000, 10, 90, 0), // pause
      at(900, 800_000, 890, 90, 0), // resume
      at(1000, 810_000, 900, 170, 10),
    ]
    const watch = startHostHealth(() => counters.shift()!)
    watch.pause()
    watch.pause() // a pause within a pause changes nothing, and reads nothing
    watch.resume()
    const { host, watchedMs } = watch.stop()
    expect(watchedMs).toBe(200)
    expect(host).toMatchObject({ busy: 20 / 200, steal: 10 / 200, cpuPressure: 20_000 / 200_000 })
  })
})

test.runIf(process.platform === 'linux')('a loop that spins shows as busy on this host', async () => {
  const health = startHostHealth()
  const until = performance.now() + 300
  while (performance.now() < until);
  const { busy, steal, loadAverage1m } = health.stop().host
  expect(busy).toBeGreaterThan(0)
  expect(busy).toBeLessThanOrEqual(1)
  expect(steal).toBeGreaterThanOrEqual(0)
  expect(loadAverage1m).toBeGreaterThanOrEqual(0)
})
