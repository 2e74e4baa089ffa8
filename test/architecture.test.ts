import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { circlesAmong, type Import } from './support/circles.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What the code of each folder may import, beside its own folder: dependencies point one way. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  // Files directly in src: errors, folders, version, texts for terminals.
  common: [],
  // Programs that we start, what they say, and waiting.
  process: ['common'],
  agent: ['process', 'common'],
  topology: [],
  // Load profiles as data: how they are written, named, planned and judged. Their drivers are the agent's.
  load: ['agent', 'common'],
  scenario: ['topology', 'load', 'common'],
  // Who has to be there for a scenario, and what everything is called wherever it stands.
  plan: ['scenario', 'topology'],
  results: ['load', 'common'],
  // Numbers only: what was measured, and how it is kept, is not known here.
  stats: ['common'],
  // What the numbers of runs say: reads results, asks stats.
  analysis: ['evidence', 'results', 'load', 'stats', 'topology', 'common'],
  // What the components saw is kept in the words of results; which backend saw it is not known here.
  evidence: ['results', 'topology', 'agent', 'common'],
  backends: ['evidence', 'plan', 'scenario', 'load', 'topology', 'agent', 'process', 'common'],
  measure: [
    'backends',
    'evidence',
    'results',
    'analysis',
    'stats',
    'plan',
    'scenario',
    'load',
    'topology',
    'agent',
    'process',
    'common',
  ],
  report: ['measure', 'evidence', 'results', 'analysis', 'stats', 'scenario', 'load', 'topology', 'common'],
  cli: [
    'measure',
    'report',
    'backends',
    'results',
    'analysis',
    'plan',
    'scenario',
    'load',
    'topology',
    'process',
    'common',
  ],
}

/**
 * What the rooms of the backends may import of each other, beside themselves and what lies directly in
 * `src/backends`. `kubernetes/` stands for all rooms in it. kubernetes does not know the mesh, the mesh does not know
 * whose the clusters are, and only those who own clusters see both.
 */
const rooms: Readonly<Record<string, readonly string[]>> = {
  lab: [],
  'kubernetes/tools': [],
  'kubernetes/steps': [],
  'kubernetes/cluster': ['kubernetes/steps', 'kubernetes/tools'],
  'kubernetes/session': ['kubernetes/steps', 'kubernetes/tools'],
  'kubernetes/workloads': ['kubernetes/steps', 'kubernetes/cluster', 'kubernetes/session'],
  'kubernetes/cpu': ['kubernetes/'],
  kubernetes: ['kubernetes/'],
  'istio/read': ['kubernetes/', 'istio'],
  'istio/install': ['kubernetes/', 'istio', 'istio/read'],
  'istio/prove': ['kubernetes/', 'istio', 'istio/read'],
  'istio/check': ['kubernetes/', 'istio', 'istio/read', 'istio/prove'],
  istio: ['kubernetes/', 'istio/'],
  'kind/cluster': ['kubernetes/'],
  'kind/images': ['kubernetes/', 'kind/cluster'],
  'kind/routes': ['kubernetes/', 'kind/cluster'],
  'kind/load-balancer': ['kubernetes/', 'kind/cluster', 'kind/routes'],
  'kind/standing': ['kubernetes/', 'kind/cluster'],
  'kind/node-cgroups': ['kubernetes/', 'kind/cluster'],
  'kind/quiet': ['kubernetes/', 'kind/cluster'],
  'kind/doctor': ['kubernetes/', 'istio/', 'kind', 'kind/cluster', 'kind/quiet'],
  kind: ['kubernetes/', 'istio/', 'kind/'],
  contexts: ['kubernetes/', 'istio/'],
}

/** Files of more than 300 lines, and why each is one thing all the same. */
const longFiles: Readonly<Record<string, string>> = {
  'src/results/schema.ts': 'the format of results, read as one document',
  'src/report/charts/testing/fixtures.ts': 'models for every kind of chart: data',
  'src/agent/server/echo-server.test.ts': 'one server under three protocols, with one way to dial it',
  'src/backends/istio/prove/flows.test.ts':
    'one testbed as istiod and ztunnel tell it, and what is made of that',
  'src/backends/kind/real-kind.test.ts': 'one real testbed, which takes minutes to stand up',
  'src/backends/contexts/existing-mesh.test.ts': 'one mesh of the user, made once',
  'test/architecture.test.ts': 'the rules of all rooms, read as one document',
  'test/adversity.test.ts': 'all that befalls one command line, with one way to watch it',
}

/** Packages that one place hides from the rest. */
const onlyIn: Readonly<Record<string, RegExp>> = {
  execa: /^src\/process\//,
  'node:child_process': /^src\/process\//,
  commander: /^src\/cli\//,
  ora: /^src\/cli\//,
  autocannon: /^src\/agent\/drivers\//,
  'simple-statistics': /^src\/(stats|analysis|measure)\//,
  yaml: /^src\/(scenario|backends)\//,
  'chart.js': /^src\/report\//,
  '@peculiar/x509': /^src\/backends\//,
}

/** Rooms below `src/report` and what each may import of the others; formats do not know each other. */
const reportRooms: Readonly<Record<string, readonly string[]>> = {
  '.': [],
  words: ['.'],
  tables: ['words', '.'],
  charts: ['tables', 'words', '.'],
  export: ['.'],
  'render/text': ['tables', 'words', '.'],
  'render/markdown': ['charts', 'tables', 'words', '.'],
  'render/html': ['charts', 'tables', 'words', '.'],
}

const files = readdirSync(path.join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
const sources = files.filter((file) => /\.(ts|mts|cts)$/.test(file))
const shipped = sources.filter((file) => !file.endsWith('.test.ts') && !file.includes('/testing/'))
const imports = shipped.flatMap(importsOf)

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(root, file), 'utf8')
  const statement = /^(?:import|export)\b[^'"]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm
  return [...text.matchAll(statement)].map((match) => {
    const to = match[1] ?? match[2] ?? match[3] ?? ''
    return { from: file, to: to.startsWith('.') ? path.join(path.dirname(file), to) : to }
  })
}

function folderOf(file: string): string {
  const [, folder = '', below] = file.split('/')
  return below === undefined ? 'common' : folder
}

/** e.g. `kind/routes`, `kind` for files directly in it, `lab` with all below; undefined outside of the backends' rooms. */
function roomOf(file: string): string | undefined {
  const [src, backends, room, ...below] = file.split('/')
  if (src !== 'src' || backends !== 'backends' || room === undefined || below.length === 0) return undefined
  return below.length === 1 || room === 'lab' ? room : `${room}/${below[0]}`
}

describe('the source', () => {
  test('is found, with its imports', () => {
    expect(shipped.length).toBeGreaterThan(200)
    expect(imports.length).toBeGreaterThan(1000)
    expect(new Set(shipped.map(folderOf))).toEqual(new Set(Object.keys(mayImport)))
  })

  test('has dependencies that point one way', () => {
    const wrong = imports.filter(({ from, to }) => {
      if (!to.startsWith('src/') || from === 'src/index.ts') return false
      const [a, b] = [folderOf(from), folderOf(to)]
      return a !== b && !mayImport[a]?.includes(b)
    })
    expect(wrong).toEqual([])
  })

  test('is allowed no dependency that it does not have', () => {
    const own = imports.filter(({ to }) => to.startsWith('src/'))
    const used = new Set(own.map(({ from, to }) => `${folderOf(from)} → ${folderOf(to)}`))
    const allowed = Object.entries(mayImport).flatMap(([from, others]) =>
      others.map((to) => `${from} → ${to}`),
    )
    expect(allowed.filter((permission) => !used.has(permission))).toEqual([])
  })

  test('has no circle of files, types included', () => {
    expect(circlesAmong(shipped, imports)).toEqual([])
  })

  test('would show a circle, and who is in it', () => {
    const arrow = (from: string, to: string) => ({ from, to })
    const arrows = [arrow('a', 'b'), arrow('b', 'c'), arrow('c', 'b'), arrow('c', 'd'), arrow('d', 'node:fs')]
    expect(circlesAmong(['a', 'b', 'c', 'd'], arrows)).toEqual([['b', 'c']])
  })

  test('has backends whose rooms know no more than their names say', () => {
    const wrong = imports.filter(({ from, to }) => {
      const [a, b] = [roomOf(from), roomOf(to)]
      if (a === undefined || b === undefined || a === b) return false
      return !rooms[a]?.some((room) => room === b || (room.endsWith('/') && `${b}/`.startsWith(room)))
    })
    expect(wrong).toEqual([])
    expect(new Set(shipped.flatMap((file) => roomOf(file) ?? []))).toEqual(new Set(Object.keys(rooms)))
  })

  test('tells the backends apart in their registry only', () => {
    const asked = shipped.filter((file) =>
      /[!=]== '(?:lab|kind|contexts)'/.test(readFileSync(path.join(root, file), 'utf8')),
    )
    expect(asked).toEqual([])
    const others = imports.filter(
      ({ from, to }) =>
        from.startsWith('src/cli/') &&
        to.startsWith('src/backends/') &&
        !['registry', 'backend'].includes(path.basename(to, '.ts')),
    )
    expect(others).toEqual([])
  })

  test('keeps the command line out of the library', () => {
    expect(imports.filter(({ from, to }) => from === 'src/index.ts' && to.startsWith('src/cli/'))).toEqual([])
    expect(imports.filter(({ to }) => to === 'src/index.ts')).toEqual([])
  })

  test.each(Object.entries(onlyIn))('imports %s in its place only', (name, place) => {
    const users = imports.filter(({ to }) => to === name || to.startsWith(`${name}/`))
    expect(users.map(({ from }) => from).filter((from) => !place.test(from))).toEqual([])
  })

  test('has reports whose formats know tables and words, and not each other', () => {
    const formatOf = (file: string) => {
      const [first = '.', second = ''] = file.slice('src/report/'.length).split('/').slice(0, -1)
      return first === 'render' ? `render/${second}` : first
    }
    const inside = imports.filter((i) => i.from.startsWith('src/report/') && i.to.startsWith('src/report/'))
    expect(new Set(inside.map(({ from }) => formatOf(from)))).toEqual(
      new Set(Object.keys(reportRooms).filter((room) => room !== '.')),
    )
    const wrong = inside.filter(({ from, to }) => {
      const [a, b] = [formatOf(from), formatOf(to)]
      return a !== b && !reportRooms[a]?.includes(b)
    })
    expect(wrong).toEqual([])
  })

  test('loads nothing but commander before a verb is asked for', () => {
    const seen = new Set<string>()
    const open = ['src/cli/main.ts', 'src/cli/completion.ts']
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      if (seen.has(file)) continue
      seen.add(file)
      if (!file.startsWith('src/')) continue
      const text = readFileSync(path.join(root, file), 'utf8')
      // Types are gone when the program runs, and what is imported later is loaded later.
      for (const [, to = ''] of text.matchAll(/^(?:import|export) (?!type\b)[^'"]*?from '([^']+)'/gm))
        open.push(to.startsWith('.') ? path.join(path.dirname(file), to) : to)
    }
    expect(seen).toContain('src/cli/program.ts')
    const packages = [...seen].filter((name) => !name.startsWith('src/') && !name.startsWith('node:'))
    expect(packages).toEqual(['commander'])
  })

  test('does no input or output to find a path', () => {
    expect(imports.filter(({ from, to }) => folderOf(from) === 'topology' && to.startsWith('node:'))).toEqual(
      [],
    )
  })

  test('never takes code of tests along', () => {
    expect(imports.filter(({ to }) => to.includes('/testing/') || to.endsWith('.test.ts'))).toEqual([])
  })

  test('has one barrel, the library', () => {
    const reExport = /^export (?:type )?(?:\*|\{[^}]*\}) from/m
    const own = /^(?:export )?(?:async )?(?:function|const|class|interface|type \w+) /m
    const barrels = shipped.filter((file) => {
      const text = readFileSync(path.join(root, file), 'utf8')
      return reExport.test(text) && !own.test(text)
    })
    expect(barrels).toEqual(['src/index.ts'])
  })

  test('has no file of more than 300 lines, but for those listed', () => {
    const tests = readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' })
    const all = [...sources, ...tests.map((name) => path.join('test', name))]
    const long = all.filter(
      (file) => file.endsWith('.ts') && readFileSync(path.join(root, file), 'utf8').split('\n').length > 301,
    )
    expect(long.toSorted()).toEqual(Object.keys(longFiles).toSorted())
  })

  test('has kebab-case names', () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/
    const names = sources.flatMap((file) => file.split('/'))
    expect([...new Set(names)].filter((name) => !kebab.test(name))).toEqual([])
  })

  test('prints through one door', () => {
    const printing = /\bconsole\.|\b(?:stdout|stderr)\.write\(/
    const wrong = shipped.filter((file) => printing.test(readFileSync(path.join(root, file), 'utf8')))
    // Programs inside workloads answer in JSON lines; the entry point says what signals do, in words of its own.
    const place =
      /^src\/(cli\/(context|main)\.ts|agent\/|backends\/lab\/((components|delay)\/|engines\/ztunnel\/companion-main\.ts$)|backends\/istio\/prove\/probe\.ts)/
    expect(wrong.filter((file) => !place.test(file))).toEqual([])
  })

  test('starts programs by file and arguments, never by a shell string', () => {
    const shell = /\bshell:\s*true|\bexecaCommand\b|\bexecSync\(|\bexec\(`/
    const wrong = shipped.filter((file) => shell.test(readFileSync(path.join(root, file), 'utf8')))
    expect(wrong).toEqual([])
  })
})
