import { describe, expect, it } from 'vitest'
import { cpuTimeMs } from './cpu-time.ts'

describe('cpuTimeMs', () => {
  it('agrees with what the process knows of itself, and grows with work', (context) => {
    if (process.platform !== 'linux') context.skip('needs /proc')
    const own = () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1000
    }
    const start = own()
    while (own() - start < 60) Math.sqrt(Math.random())
    const [before, read, after] = [own(), cpuTimeMs(process.pid) ?? 0, own()]
    // The two counters round differently, by up to some ticks of 10 ms.
    expect(read).toBeGreaterThan(before * 0.8 - 50)
    expect(read).toBeLessThan(after * 1.2 + 50)
  })

  it('knows nothing of a process that is gone', () => {
    expect(cpuTimeMs(2 ** 30)).toBeUndefined()
  })
})
