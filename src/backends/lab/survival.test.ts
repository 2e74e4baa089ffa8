import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, type TestContext } from 'vitest'
import { run, start, type BackgroundProcess } from '../../process/exec.ts'
import { descendantsOf, namespacesOf, leftovers } from './testing/leftovers.ts'
import { requires, requiresRoot } from './testing/requires.ts'

const holder = fileURLToPath(new URL('./testing/holder.ts', import.meta.url))
const root = fileURLToPath(new URL('../../../', import.meta.url))
const proven = Array.from({ length: 6 }, () => 'proven')
const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', '--']

interface Up {
  readonly facts: Readonly<Record<string, string>>
  readonly verdicts: readonly string[]
}

/** Starts a process of its own that stands a lab up, waits until it is up, and ends it whatever happens. */
async function withHolder(
  words: readonly string[],
  test: (up: Up, process: BackgroundProcess & { readonly pid: number }) => Promise<void>,
): Promise<void> {
  const command = [...words, process.execPath, '--import', 'tsx', holder]
  const child = start(command[0]!, command.slice(1), { cwd: root, env: { TSX_DISABLE_CACHE: '1' } })
  const { pid } = child
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  try {
    if (pid === undefined) throw new Error('the holder did not start')
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const { value } = (await lines.next()) as { value: string | undefined }
    if (value === undefined) throw new Error(`the holder ended: ${stderr}`)
    await test(JSON.parse(value) as Up, { ...child, pid })
  } finally {
    child.kill('SIGKILL')
    await child.done.catch(() => {})
  }
}

async function expectNothingLeft(process: BackgroundProcess & { readonly pid: number }, end: () => void) {
  const made = descendantsOf(process.pid)
  const namespaces = namespacesOf(made)
  // Holder of the namespaces, its child, and a process and its nsenter for each of the lab's programs.
  expect(made.length).toBeGreaterThan(20)
  expect(namespaces.size).toBeGreaterThan(10)
  end()
  await process.done.catch(() => {})
  expect(await leftovers(made, namespaces)).toEqual([])
}

describe('a lab whose hopmeter is killed', { timeout: 180_000 }, () => {
  it('leaves no process and no namespace after kill -9', async (context) => {
    await requires(context)
    await withHolder([], async (up, process) => {
      expect(up.verdicts).toEqual(proven)
      await expectNothingLeft(process, () => process.kill('SIGKILL'))
    })
  })

  it('leaves nothing when the end comes while it is still standing up', async (context) => {
    await requires(context)
    const command = ['--import', 'tsx', holder]
    const child = start(process.execPath, command, { cwd: root, env: { TSX_DISABLE_CACHE: '1' } })
    try {
      let made = descendantsOf(child.pid ?? -1)
      while (!made.some(({ pid }) => namespacesOf([{ pid, startedAt: '' }]).size >= 3)) {
        await sleep(5)
        made = descendantsOf(child.pid ?? -1)
      }
      const namespaces = namespacesOf(made)
      child.kill('SIGKILL')
      await child.done.catch(() => {})
      expect(await leftovers(made, namespaces)).toEqual([])
    } finally {
      child.kill('SIGKILL')
    }
  })
})

describe('a lab of a plain user', { timeout: 180_000 }, () => {
  it('works the same, and leaves nothing after kill -9', async (context) => {
    await requires(context)
    requiresRoot(context)
    await requiresNobody(context)
    await withHolder(['setpriv', ...asNobody], async (up, process) => {
      expect(up.facts['isolation']).toBe('user-namespace')
      expect(up.verdicts).toEqual(proven)
      await expectNothingLeft(process, () => process.kill('SIGKILL'))
    })
  })

  it('goes down when it is asked to', async (context) => {
    await requires(context)
    requiresRoot(context)
    await requiresNobody(context)
    await withHolder(['setpriv', ...asNobody], async (up, process) => {
      expect(up.verdicts).toEqual(proven)
      await expectNothingLeft(process, () => process.stdin.end())
    })
  })
})

/** Skips where user nobody may not open user namespaces or read this project. */
async function requiresNobody(context: TestContext): Promise<void> {
  const attempts = [
    ['unshare', '--user', '--map-root-user', '--net', '--', 'true'],
    ['test', '-r', holder],
    ['test', '-x', process.execPath],
  ]
  for (const attempt of attempts) {
    const [result] = await Promise.allSettled([run('setpriv', [...asNobody, ...attempt])])
    if (result?.status === 'rejected') context.skip(`user nobody cannot: ${attempt.join(' ')}`)
  }
}
