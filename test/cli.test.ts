import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRunDirectory } from '../src/results/run-directory.ts'
import { sampleEvents } from '../src/results/testing/sample-run.ts'
import { Hopmeter } from './support/hopmeter.ts'

let hopmeter: Hopmeter

beforeEach(async () => {
  hopmeter = await Hopmeter.create()
})

afterEach(() => hopmeter.dispose())

const runIds = ['2026-11-21t10-00-00z-hop-ladder-0001', '2026-11-22t10-00-00z-hop-ladder-0002'] as const

const verbs =
  'list show plan doctor calibrate probe run aa up exec verify results summary compare chart report export import schema completion'.split(
    ' ',
  )

describe('help and usage', () => {
  test.each(verbs)('%s --help shows usage and examples', async (verb) => {
    const { code, stdout } = await hopmeter.call([...verb.split(' '), '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain(`Usage: hopmeter ${verb}`)
    expect(stdout).toContain('Examples:')
  })

  test('an unknown verb is a usage error with a suggestion', async () => {
    const { code, stderr, stdout } = await hopmeter.call(['sumary'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('Did you mean summary?')
  })

  test.each([
    [['run', 'hop-ladder', '--rounds', '0'], 'whole number of 1 or more'],
    [['run', 'hop-ladder', '--duration', '5'], 'with a unit'],
    [['run', 'hop-ladder', '--verify', 'maybe'], 'strict'],
    [['run', 'hop-ladder', '--path', 'nope'], 'has no path "nope"'],
    [['run', 'hop-lader'], 'hop-ladder'],
    [['probe', 'ftp://127.0.0.1/'], 'only http://'],
    [['compare', 'latest', 'latest', '--fail-on', 'p51>5%'], 'no regression rule'],
    [['compare', 'latest', 'latest', '--allow', 'weather'], 'none of'],
    [['compare', ',', 'latest#single'], 'names no run'],
    [['results', 'list', '--nonsense'], "unknown option '--nonsense'"],
    [['results', '--nonsense'], "unknown option '--nonsense'"],
  ])('%j is refused with exit code 2', async (args, message) => {
    const { code, stderr, stdout } = await hopmeter.call(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  test('results that cannot be written are an operational failure', async () => {
    const { code, stderr } = await hopmeter.run(['list'], {
      command: ['sh', '-c', 'exec "$@" >/dev/full', 'sh'],
    })
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('cannot write the results') as string,
    })
  })

  test('a run that does not exist is an operational failure that names the next step', async () => {
    const { code, stderr } = await hopmeter.call(['summary', 'latest'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^Error: .*\n {2}next: /m)
  })
})

describe('an answer that cannot be given', () => {
  const keepTwoPaths = async () => {
    const directory = await createRunDirectory(path.join(hopmeter.folder, 'results'), runIds[0], 'name: x\n')
    for (const event of sampleEvents({ rounds: 30 }))
      await directory.append(event.type === 'run' ? { ...event, id: runIds[0] } : event)
    await directory.finish()
  }
  const regression = ['compare', 'latest#single', 'latest#gateway', '--fail-on', 'p50>5%', '-o', 'json']

  test('keeps its verdict when the reader has gone away', async () => {
    await keepTwoPaths()
    expect((await hopmeter.run(regression)).code).toBe(3)
    const { child, done } = hopmeter.start(regression)
    child.stdout!.destroy()
    expect(await done).toMatchObject({ code: 3, stderr: expect.not.stringContaining('Error') as string })
    const piped = { command: ['bash', '-c', '"$@" | true; exit "${PIPESTATUS[0]}"', 'bash'] }
    expect((await hopmeter.run(regression, piped)).code).toBe(3)
    expect((await hopmeter.run(['list'], piped)).code).toBe(0)
  })

  test('keeps its verdict on a full disk, and is a failure where it had none', async () => {
    await keepTwoPaths()
    const full = { command: ['sh', '-c', 'exec "$@" >/dev/full', 'sh'] }
    expect(await hopmeter.run(regression, full)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('cannot write the results') as string,
    })
    for (const args of [['list'], ['schema'], ['completion', 'bash'], ['--version'], ['run', '--help']]) {
      expect({ args, code: (await hopmeter.run(args, full)).code }).toEqual({ args, code: 1 })
    }
  })

  test('is a failure where a shell closed standard output, and none where it was sent to /dev/null', async () => {
    const through = (redirection: string) =>
      hopmeter.run(['list'], { command: ['bash', '-c', `"$@" ${redirection}; exit $?`, 'bash'] })
    expect(await through('>&-')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('standard output is closed') as string,
    })
    expect(await through('>/dev/null')).toMatchObject({ code: 0, stderr: '' })
  })

  test('because the working folder is gone says so', async () => {
    const gone = { command: ['sh', '-c', 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', 'sh'] }
    for (const args of [['chart', 'latest'], ['run', 'single-cluster'], ['results'], ['summary', './x']]) {
      const { code, stderr } = await hopmeter.run(args, gone)
      expect(stderr).not.toContain('a bug in hopmeter')
      if (args[0] !== 'results') expect({ args, code }).toEqual({ args, code: 1 })
    }
  })
})

describe('what was left empty', () => {
  test.each([
    [['run', '', '--no-chart'], 'argument 1 is empty'],
    [['summary', ' '], 'argument 1 is empty'],
    [['compare', 'latest', ''], 'argument 2 is empty'],
    [['compare', 'a,,b', 'c'], 'names a run that is empty'],
    [['down', ''], 'argument 1 is empty'],
    [['import', ''], 'argument 1 is empty'],
    [['probe', ''], 'argument 1 is empty'],
    [['summary', '--results', ''], '--results'],
    [['summary', '--metric', ''], '--metric'],
    [['run', 'mixed', '--path='], '--path'],
    [['run', 'mixed', '--label', 'a='], '"a" has no value'],
    [['run', 'mixed', '--seed', ''], '--seed'],
    [['plan', 'mixed', '--backend', 'contexts', '--context', 'east-1='], '"east-1" has no value'],
    [['plan', 'mixed', '--backend', 'kind', '--istio-set', 'tag='], '"tag" has no value'],
    [['plan', 'mixed', '--backend', 'kind', '--gateway-api', ''], '--gateway-api'],
    [['export', 'latest', '--format', 'csv', '--out', ''], '--out'],
    [['list', '-o', ''], '--output'],
  ])('%j is refused with exit code 2', async (args, message) => {
    const { code, stderr, stdout } = await hopmeter.run(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  test('is unset when it is a variable of ours', async () => {
    const names = 'OUTPUT RESULTS BACKEND MESH ISTIO GATEWAY_API NODE_IMAGE CLIENTS RESOURCES ISTIOD_ENV'
    const variables = names.split(' ').map((name, i) => `HOPMETER_${name}=${i % 2 === 0 ? '' : ' '}`)
    const plain = await hopmeter.run(['plan', 'mixed'])
    const { code, stdout } = await hopmeter.run(['plan', 'mixed'], { command: ['env', ...variables] })
    expect({ code, stdout }).toEqual({ code: 0, stdout: plain.stdout })
  })
})

describe('scenario files', () => {
  test('an invalid file is refused before anything starts: every problem with its place, exit code 2', async () => {
    const file = path.join(hopmeter.folder, 'bad.yaml')
    await writeFile(
      file,
      `apiVersion: hopmeter/v1
kind: Scenario
metadata: { name: bad, title: Bad }
spec:
  clusters:
    - { name: a, network: n, podCidr: 10.10.0.0/16, serviceCidr: 10.110.0.0/16 }
    - { name: b, netwrok: n, podCidr: 10.10.0.0/16, serviceCidr: 10.120.0.0/16 }
  paths:
    - { name: p, client: { cluster: a }, server: { cluster: c }, expect: 4 }
`,
    )
    const { code, stderr } = await hopmeter.call(['run', file])
    expect(code).toBe(2)
    expect(stderr).toMatch(/bad\.yaml:7:\d+: .*netwrok.*network/)
    expect(stderr).toMatch(/bad\.yaml:9:\d+: .*"c"/)
    expect(existsSync(path.join(hopmeter.folder, 'results'))).toBe(false)
  })

  test('plan prints commands that a shell can read, and touches nothing', async () => {
    const { code, stdout } = await hopmeter.call(['plan', 'mixed'])
    expect(code).toBe(0)
    const script = stdout.slice(stdout.indexOf('\n# ') + 1)
    expect(() => execFileSync('bash', ['-n'], { input: script })).not.toThrow()
    expect(stdout).toContain('ip -batch -')
  })

  test('show --yaml prints a file that show accepts again', async () => {
    const { stdout } = await hopmeter.run(['show', '--yaml', 'mixed'])
    const again = await hopmeter.run(['show', '-', '-o', 'json'], { input: stdout })
    expect(again.code).toBe(0)
    expect((JSON.parse(again.stdout) as { name: string }).name).toBe('mixed')
  })
})

describe('completion', () => {
  test.each(['bash', 'zsh', 'fish'])('the %s script names verbs, options and scenarios', async (shell) => {
    const { code, stdout } = await hopmeter.call(['completion', shell])
    expect(code).toBe(0)
    for (const word of ['summary', 'hop-ladder', 'verify']) expect(stdout).toContain(word)
  })

  test('bash completes verbs, scenario names and values of options', async () => {
    const { stdout } = await hopmeter.run(['completion', 'bash'])
    const complete = (...words: string[]) =>
      execFileSync('bash', [
        '-c',
        `${stdout}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hopmeter; printf '%s\\n' "\${COMPREPLY[@]}"`,
        'bash',
        ...words,
      ])
        .toString()
        .trim()
        .split('\n')
    expect(complete('hopmeter', 'su')).toEqual(['summary'])
    expect(complete('hopmeter', 'run', 'hop')).toEqual(['hop-ladder'])
    expect(complete('hopmeter', 'run', 'act')).toEqual(['action.yml'])
    expect(complete('hopmeter', 'run', 'mixed', '--verify', '')).toEqual(['strict', 'warn', 'off'])
    expect(complete('hopmeter', 'results', 'show', '--re')).toEqual(['--results'])
    expect(complete('hopmeter', 'results', '')).toEqual(['list', 'show', '--help'])
  })
})
