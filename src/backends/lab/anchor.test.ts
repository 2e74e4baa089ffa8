import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openAnchor } from './anchor.ts'
import { isolationRemedy, type Isolation } from './isolation.ts'
import { descendantsOf, descendantsSince, namespacesOf, leftovers } from './testing/leftovers.ts'
import { requires } from './testing/requires.ts'

const isolations: readonly Isolation[] =
  process.getuid?.() === 0 ? ['root', 'user-namespace'] : ['user-namespace']

describe.each(isolations)('private namespaces (%s)', (isolation) => {
  it('hide the host and are gone after close', async (context) => {
    await requires(context)
    const anchor = await openAnchor(undefined, isolation)
    const made = [...descendantsOf(process.pid)]
    const namespaces = namespacesOf(made)
    try {
      expect(anchor.isolation).toBe(isolation)
      const links = await anchor.run({ file: 'ip', args: ['-json', 'link', 'show'] })
      expect((JSON.parse(links.stdout) as { ifname: string }[]).map((link) => link.ifname)).toEqual(['lo'])
      const netns = await anchor.run({ file: 'ls', args: ['/run/netns'] })
      expect(netns.stdout).toBe('')
      expect(namespaces.size).toBeGreaterThanOrEqual(3)
    } finally {
      await anchor.close()
    }
    expect(await leftovers(made, namespaces)).toEqual([])
  })

  it('run a command in a namespace of their own, as root there', async (context) => {
    await requires(context)
    const anchor = await openAnchor(undefined, isolation)
    try {
      await anchor.run({ file: 'ip', args: ['netns', 'add', 'inner'] })
      const there = await anchor.run({ netns: 'inner', file: 'readlink', args: ['/proc/self/ns/net'] })
      const outer = await anchor.run({ file: 'readlink', args: ['/proc/self/ns/net'] })
      expect(there.stdout).not.toBe(outer.stdout)
      expect((await anchor.run({ netns: 'inner', file: 'id', args: ['-u'] })).stdout).toBe('0')
      // A process id that the host does not use for this process proves the PID namespace.
      expect(Number((await anchor.run({ file: 'sh', args: ['-c', 'echo $$'] })).stdout)).toBeLessThan(100)
    } finally {
      await anchor.close()
    }
  })

  it('end programs that were started inside', async (context) => {
    await requires(context)
    const before = descendantsOf(process.pid)
    const anchor = await openAnchor(undefined, isolation)
    anchor.start({ file: 'sleep', args: ['600'] })
    // A daemon: nobody's child any more, but still in the PID namespace.
    await anchor.run({ file: 'sh', args: ['-c', 'setsid sleep 601 >/dev/null 2>&1 &'] })
    const made = descendantsSince(before)
    const namespaces = namespacesOf(made)
    await anchor.close()
    expect(made.length).toBeGreaterThanOrEqual(4)
    expect(await leftovers(made, namespaces)).toEqual([])
  })

  it('wait for no command whose program was stopped', async (context) => {
    await requires(context)
    const before = descendantsOf(process.pid)
    const anchor = await openAnchor(undefined, isolation)
    const stopsItself = { file: 'sh', args: ['-c', 'kill -STOP $$'] }
    await expect(anchor.run(stopsItself, undefined, 300)).rejects.toMatchObject({
      name: 'CommandError',
      reason: 'timeout',
    })
    const made = descendantsSince(before)
    const namespaces = namespacesOf(made)
    await anchor.close()
    expect(await leftovers(made, namespaces)).toEqual([])
  })

  it('leave the namespaces of the host alone', async (context) => {
    await requires(context)
    const namesOfHost = () => (readdirSync('/run').includes('netns') ? readdirSync('/run/netns') : [])
    const before = namesOfHost()
    const anchor = await openAnchor(undefined, isolation)
    await anchor.run({ file: 'ip', args: ['netns', 'add', 'visible-to-host'] })
    expect(namesOfHost()).toEqual(before)
    await anchor.close()
  })
})

describe('opening private namespaces', () => {
  it('stops at once when it is aborted before it starts', async () => {
    await expect(openAnchor(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  })
})

describe('isolationRemedy', () => {
  const remedy = (sysctls: Record<string, string>) =>
    isolationRemedy('user-namespace', (path) => sysctls[path])

  it('names the setting that forbids user namespaces', () => {
    expect(remedy({ 'kernel/apparmor_restrict_unprivileged_userns': '1' })).toContain(
      'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
    )
    expect(remedy({ 'kernel/unprivileged_userns_clone': '0' })).toContain(
      'sysctl -w kernel.unprivileged_userns_clone=1',
    )
    expect(remedy({ 'user/max_user_namespaces': '0' })).toContain('user.max_user_namespaces=')
    expect(remedy({ 'user/max_net_namespaces': '0' })).toContain('user.max_net_namespaces=')
  })

  it('thinks of containers where no setting is in the way', () => {
    expect(remedy({ 'user/max_user_namespaces': '1000' })).toContain('--privileged')
    expect(isolationRemedy('root', () => undefined)).toContain('--privileged')
  })
})
