import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { sampleReportRun } from '../report/testing/sample-runs.ts'
import { reproduceArguments, reproduceCommand, reproduceRemarks } from '../report/words/reproduce.ts'
import type { RunResult } from '../results/schema.ts'
import { loadScenario } from '../scenario/load.ts'
import type { RunFlags } from './run-flags.ts'
import { runVerb } from './run.ts'
import { testbedOverrides } from './testbed-overrides.ts'
import { silentContext } from './testing/silent-context.ts'

type Flags = RunFlags & { verify: string; control: boolean; path: string[] }

/** The flags of `hopmeter run`, as its own command line understands the words. */
function parsed(words: readonly string[]): { scenario: string; flags: Flags } {
  let scenario = ''
  const command = runVerb(silentContext)
    .exitOverride()
    .action((name: string) => void (scenario = name))
  command.parse([...words], { from: 'user' })
  return { scenario, flags: command.opts() }
}

/** What `hopmeter run` with these words would keep of them. */
async function runWith(words: readonly string[], change: Partial<RunResult> = {}): Promise<RunResult> {
  const { flags } = parsed(words)
  const { scenario, text, hash } = await loadScenario('hop-ladder')
  const { result } = await sampleReportRun()
  return {
    ...result,
    scenario: { name: scenario.name, title: scenario.title, text, hash },
    backend: flags.backend as RunResult['backend'],
    ...((flags.clients ?? 1) === 1 ? {} : { clients: flags.clients }),
    verify: flags.verify as RunResult['verify'],
    seed: flags.seed ?? 1,
    rounds: {
      builds: flags.builds ?? 1,
      restarts: flags.restarts ?? 1,
      count: flags.rounds ?? 20,
      durationMs: flags.duration ?? 1000,
      warmupMs: flags.warmup ?? 500,
    },
    labels: flags.label ?? {},
    environment: { ...result.environment, ...(flags.includeHost ? { hostname: 'box' } : {}) },
    overrides: {
      ...(flags.path.length > 0 ? { paths: flags.path.join(',') } : {}),
      ...(flags.control ? {} : { control: 'off' }),
      ...(flags.mesh === 'none' ? { mesh: 'none' } : {}),
      ...Object.fromEntries(
        Object.entries(testbedOverrides(flags)).map(([flag, value]) => [`testbed.${flag}`, value]),
      ),
    },
    ...change,
  }
}

/** Flags that say where to write, what to draw, how loud to be or which run to go on with: they change no number. */
const silent = ['keep', 'chart', 'charts', 'strict', 'quiet', 'results', 'output', 'kubeconfig', 'resume']

const everything = [
  ...['hop-ladder', '--backend=kind', '--mesh=none', '--no-control', '--verify=warn', '--clients=4'],
  ...['--istio=1.30.3', '--istio-hub=example.org/hub', '--istio-tag=1.30-dev', '--istio-set=a.b=c d'],
  ...['--istio-set=values.x={1,2}', '--gateway-api=https://example.org/crds.yaml', '--node-image=n:1'],
  ...[
    '--agent-image=a:1',
    '--lb-image=h:1',
    '--resources=default',
    '--quiet-control-plane=off',
    '--builds=3',
    '--rounds=7',
    '--restarts=5',
    '--cpus=all',
    '--ztunnel=base=ztunnel',
    '--ztunnel=pr=node',
    '--variant=base:ztunnel-threads=1,ztunnel-log=info,access=debug',
    '--envoy=envoy',
    '--haproxy=haproxy',
  ],
  ...['--duration=250ms', '--warmup=1500ms', '--seed=7', '--path=single', '--path=gateway'],
  ...["--label=who=it's me", '--label=k=a=b', '--include-host'],
]

describe('the command that measures the same again', () => {
  test.each([
    [
      'plain',
      ['hop-ladder', '--rounds=2', '--restarts=1', '--builds=1', '--duration=1s', '--warmup=0s', '--seed=1'],
    ],
    ['everything', everything],
  ])('says what was asked for: %s', async (_, words) => {
    const again = reproduceArguments(await runWith(words))
    expect(again[0]).toBe('run')
    expect(parsed(again.slice(1))).toEqual(parsed(words))
  })

  test('has every flag of run that shapes numbers', () => {
    const { flags } = parsed(everything)
    const all = runVerb(silentContext).options.map((option) => option.attributeName())
    const defaults = parsed(['hop-ladder']).flags as unknown as Record<string, unknown>
    const untold = all.filter(
      (name) => (flags as unknown as Record<string, unknown>)[name] === defaults[name],
    )
    // A new flag stands in `everything` and is repeated, or is one of those that change nothing. Contexts: below.
    expect(untold.filter((name) => !silent.includes(name))).toEqual(['context'])
  })

  test('means the same to a shell', async () => {
    const result = await runWith(everything)
    const command = reproduceCommand(result).replace(/^hopmeter /, '')
    const words = execFileSync('sh', ['-c', String.raw`printf '%s\0' ${command}`], { encoding: 'utf8' })
    expect(words.split('\0').slice(0, -1)).toEqual(reproduceArguments(result))
  })

  test('names the version of Istio where nobody asked for one', async () => {
    const engine = { name: 'istio', version: '1.30.3' }
    const { result } = await sampleReportRun()
    const builds = result.builds.map((build) => ({ ...build, engine }))
    const run = await runWith(['hop-ladder', '--backend=kind'], { builds })
    expect(parsed(reproduceArguments(run).slice(1)).flags).toMatchObject({ istio: ['1.30.3'] })
  })

  test('leaves names of files and contexts to its reader', async () => {
    const asked = [
      '--context=east-1=arn:aws:secret',
      '--kubeconfig=/home/me/k',
      '--gateway-api=/home/me/crds',
      ...[
        '--ztunnel=base=/home/me/z',
        '--ztunnel=pr=node',
        '--envoy=../secret/envoy',
        '--haproxy=/home/me/h',
      ],
      '--variant=pr:load-balancer=/home/me/h2,load-balancer-threads=2',
      '--variant=old:ztunnel=/srv/me, too/secret,v2/z,ztunnel-threads=1,gateway=home,me/envoy',
    ]
    const run = await runWith(['hop-ladder', '--backend=contexts', ...asked])
    const command = reproduceCommand(run)
    expect(command).not.toMatch(/secret|home/)
    const { flags } = parsed(reproduceArguments(run).slice(1))
    expect(flags.context).toMatchObject({ 'east-1': 'CONTEXT' })
    expect(flags.kubeconfig).toBe('KUBECONFIG')
    expect(flags).toMatchObject({
      ztunnel: ['base=FILE', 'pr=node'],
      envoy: ['FILE'],
      haproxy: ['FILE'],
      variant: [
        'pr:load-balancer=FILE,load-balancer-threads=2',
        'old:ztunnel=FILE,ztunnel-threads=1,gateway=FILE',
      ],
    })
    expect(reproduceRemarks(run)).toContainEqual(expect.stringContaining('fill in'))
  })

  test('repeats a flag for each variant, with files left to its reader', async () => {
    const run = await runWith(['hop-ladder'])
    const overrides = {
      'testbed.ztunnel': 'base=FILE\npr=FILE',
      'testbed.haproxy': 'base=haproxy\npr=FILE',
      'testbed.variant': 'base:ztunnel-threads=2\npr:ztunnel-threads=1,envoy=FILE,cpus=all',
    }
    const again = reproduceArguments({ ...run, overrides })
    expect(again.filter((word) => /^--(ztunnel|envoy|haproxy|variant)=/.test(word))).toEqual([
      ...['--ztunnel=base=FILE', '--ztunnel=pr=FILE', '--haproxy=base=haproxy', '--haproxy=pr=FILE'],
      ...['--variant=base:ztunnel-threads=2', '--variant=pr:ztunnel-threads=1,envoy=FILE,cpus=all'],
    ])
    const inMiddle = { ...run, overrides: { 'testbed.variant': 'pr:envoy=FILE,cpus=all' } }
    expect(reproduceRemarks(inMiddle)).toContainEqual(expect.stringContaining('fill in'))
    const none = { ...run, overrides: { 'testbed.variant': 'pr:cpus=all' } }
    expect(reproduceRemarks(none)).not.toContainEqual(expect.stringContaining('fill in'))
  })

  test('takes the kept scenario where the built-in one of that name is another', async () => {
    const run = await runWith(['hop-ladder'])
    expect(parsed(reproduceArguments(run).slice(1)).scenario).toBe('hop-ladder')
    const changed = { ...run, scenario: { ...run.scenario, text: `${run.scenario.text}\n# mine\n` } }
    expect(parsed(reproduceArguments(changed).slice(1)).scenario).toBe('scenario.yaml')
    expect(reproduceRemarks(changed)).toContainEqual(expect.stringContaining('scenario.yaml is the scenario'))
    const hostile = { ...run, scenario: { ...run.scenario, name: '../package' } }
    expect(parsed(reproduceArguments(hostile).slice(1)).scenario).toBe('scenario.yaml')
  })

  test('says that loads which a program gave are not in it', async () => {
    const run = await runWith(['hop-ladder'])
    const replaced = { ...run, overrides: { loads: 'open-r50' } }
    expect(reproduceRemarks(replaced)).toContainEqual(expect.stringContaining('open-r50'))
  })
})
