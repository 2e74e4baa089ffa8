import { describe, expect, it } from 'vitest'
import { start } from '../../process/exec.ts'
import { onlyChild } from './child-process.ts'

describe('onlyChild', () => {
  it('is the program that another one started, and none where there is none', async () => {
    // The outer sleep never forks; unshare does, and waits for its child.
    const alone = start('sleep', ['30'])
    const outer = start('unshare', ['--fork', 'sleep', '30'])
    try {
      await expect.poll(() => onlyChild(outer.pid ?? -1)).toBeGreaterThan(1)
      expect(onlyChild(outer.pid ?? -1)).not.toBe(outer.pid)
      expect(onlyChild(alone.pid ?? -1)).toBeUndefined()
      expect(onlyChild(2 ** 30)).toBeUndefined()
    } finally {
      const child = onlyChild(outer.pid ?? -1)
      if (child !== undefined) process.kill(child, 'SIGKILL')
      alone.kill('SIGKILL')
      await Promise.allSettled([alone.done, outer.done])
    }
  })
})
