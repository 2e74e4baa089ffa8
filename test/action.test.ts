import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ztunnelsToTest } from '../src/backends/lab/engines/testing/real-engines.ts'
import { requires } from '../src/backends/lab/testing/requires.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const action = parse(readFileSync(path.join(root, 'action.yml'), 'utf8')) as {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>
  readonly runs: { readonly using: string; readonly steps: readonly Step[] }
}

interface Step {
  readonly id: string
  readonly if?: string
  readonly shell: string
  readonly env: Readonly<Record<string, string>>
  readonly run: string
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hopmeter-action-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const ladder = readdirSync(path.join(root, 'results')).find((name) => name.includes('-hop-ladder-'))!
const run = path.join(root, 'results', ladder)

/** A runner's work on one step: expressions of its environment, then bash as GitHub calls it. */
async function stepOf(id: string, inputs: Readonly<Record<string, string>>) {
  const step = action.runs.steps.find((one) => one.id === id)!
  const values = { ...defaults(), ...inputs }
  const env = Object.fromEntries(
    Object.entries(step.env).map(([name, text]) => [name, valueOf(text, values)]),
  )
  const script = path.join(folder, `${id}.sh`)
  writeFileSync(script, step.run)
  const files = {
    GITHUB_STEP_SUMMARY: path.join(folder, 'summary.md'),
    GITHUB_OUTPUT: path.join(folder, 'output'),
  }
  const child = spawn('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', script], {
    cwd: folder,
    env: {
      PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}`,
      HOME: folder,
      RUNNER_TEMP: folder,
      ...files,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => void child.on('close', resolve))
  const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '')
  return { code, said, summary: read(files.GITHUB_STEP_SUMMARY), output: read(files.GITHUB_OUTPUT) }
}

function defaults(): Record<string, string> {
  return Object.fromEntries(Object.entries(action.inputs).map(([name, input]) => [name, input.default ?? '']))
}

function valueOf(text: string, inputs: Readonly<Record<string, string>>): string {
  const name = /^\$\{\{ (\S+) \}\}$/.exec(text)?.[1]
  if (name === 'github.action_path') return root
  const input = /^inputs\.(.+)$/.exec(name ?? '')?.[1]
  if (input === undefined || inputs[input] === undefined) throw new Error(`no such expression: ${text}`)
  return inputs[input]
}

describe('the action', () => {
  test('hands every input over in the environment, and writes none into a script', () => {
    expect(action.runs.using).toBe('composite')
    for (const { id, shell, run: script } of action.runs.steps) {
      expect({ id, shell, hasExpression: script.includes('${{') }).toEqual({
        id,
        shell: 'bash',
        hasExpression: false,
      })
    }
    const used = action.runs.steps.flatMap(({ env }) => Object.values(env)).join(' ')
    for (const name of Object.keys(action.inputs)) expect(used).toContain(`inputs.${name} `)
  })

  test('ends with 3 on a regression, which the summary shows', async () => {
    const ended = await stepOf('compare', { 'base-results': `${run}#single`, 'pr-results': `${run}#gateway` })
    expect(ended).toMatchObject({
      code: 3,
      said: expect.stringContaining('::error::hopmeter found a regression') as string,
    })
    expect(ended.summary).toMatch(/\|.*gateway.*\|/)
    expect(ended.output).toMatch(/^markdown=.+\.md\nexit-code=3\n$/)
  })

  test('ends with 0 when nothing got slower, and appends to what the summary has', async () => {
    writeFileSync(path.join(folder, 'summary.md'), '# Before\n')
    const ended = await stepOf('compare', {
      'base-results': `${run}#gateway`,
      'pr-results': `${run}#single`,
      'fail-on': 'p50>2%\np99>50%\n',
      'compare-arguments': '--metric=latency\n',
    })
    expect(ended).toMatchObject({ code: 0 })
    expect(ended.summary).toMatch(/^# Before\n[^]*\|/)
    expect(ended.output).toContain('exit-code=0')
  })

  test.each([
    { 'base-results': 'a' },
    { 'pr-results': 'b' },
    {},
    { 'base-results': '$(touch hacked)', 'pr-results': '"; touch hacked; "' },
    { 'base-results': run, 'pr-results': '`touch hacked`\ntouch hacked' },
    { 'base-results': `${run}#single`, 'pr-results': `${run}#gateway`, 'fail-on': '$(touch hacked)' },
    { 'base-results': '--help', 'pr-results': '-x' },
  ])('refuses %j by what it is, and runs nothing of it', async (inputs) => {
    const { code } = await stepOf('compare', inputs)
    expect([1, 2]).toContain(code)
    expect(existsSync(path.join(folder, 'hacked'))).toBe(false)
  })

  test('wants both binaries', async () => {
    expect(await stepOf('run', { 'base-ztunnel': '/bin/true' })).toMatchObject({ code: 2 })
    expect(await stepOf('run', { 'pr-ztunnel': '/bin/true' })).toMatchObject({ code: 2 })
  })

  test('takes hopmeter as it is when it is built', async () => {
    const { code, said } = await stepOf('install', {})
    expect({ code, said }).toEqual({ code: 0, said: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string })
  })

  test('measures two ztunnels side by side and compares them', { timeout: 180_000 }, async (context) => {
    await requires(context)
    const [base, pr] = [ztunnelsToTest.at(-2) ?? ztunnelsToTest[0], ztunnelsToTest.at(-1)]
    const inputs = {
      'base-ztunnel': base!.file,
      'pr-ztunnel': pr!.file,
      scenario: 'same-network',
      'run-arguments': '--restarts=2\n--rounds=3\n--duration=200ms\n--warmup=200ms\n',
      'fail-on': 'p50>10000%',
    }
    const measured = await stepOf('run', inputs)
    expect(measured).toMatchObject({ code: 0 })
    const compared = await stepOf('compare', inputs)
    const results = path.join(folder, 'hopmeter-results')
    const [id = ''] = readdirSync(results)
    const { status } = JSON.parse(readFileSync(path.join(results, id, 'result.json'), 'utf8')) as {
      status: string
    }
    // A machine that is busy makes a run void, and a void run is compared with nothing.
    if (status === 'void')
      expect(compared).toMatchObject({
        code: 1,
        said: expect.stringContaining('is void') as string,
        summary: '',
      })
    else
      expect(compared).toMatchObject({ code: 0, summary: expect.stringMatching(/\|.*\bpr\b.*\|/) as string })
  })
})
