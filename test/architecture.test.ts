import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What the code of each folder may import, beside its own folder: dependencies point one way. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  // Files directly in src: errors, programs, folders, version, texts for terminals.
  common: ['agent'],
  agent: [],
  topology: [],
  scenario: ['topology', 'agent', 'common'],
  results: ['common'],
  stats: ['results', 'topology', 'common'],
  // What the components saw is said in the words of backends, and kept in those of results.
  evidence: ['backends', 'results', 'topology', 'agent', 'common'],
  backends: ['evidence', 'scenario', 'topology', 'agent', 'common'],
  measure: ['backends', 'evidence', 'results', 'stats', 'scenario', 'topology', 'agent', 'common'],
  report: ['measure', 'results', 'stats', 'scenario', 'topology', 'common'],
  cli: ['measure', 'report', 'backends', 'results', 'stats', 'scenario', 'topology', 'agent', 'common'],
}

/** Packages that one place hides from the rest. */
const onlyIn: Readonly<Record<string, RegExp>> = {
  execa: /^src\/exec\.ts$/,
  'node:child_process': /^src\/exec\.ts$/,
  commander: /^src\/cli\//,
  ora: /^src\/cli\//,
  autocannon: /^src\/agent\/drivers\//,
  'simple-statistics': /^src\/(stats|measure)\//,
  yaml: /^src\/(scenario|backends)\//,
  'chart.js': /^src\/report\//,
  '@peculiar/x509': /^src\/backends\//,
}

interface Import {
  readonly from: string
  /** A file of this project, or the name of a package. */
  readonly to: string
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

  test('keeps the command line out of the library', () => {
    expect(imports.filter(({ from, to }) => from === 'src/index.ts' && to.startsWith('src/cli/'))).toEqual([])
    expect(imports.filter(({ to }) => to === 'src/index.ts')).toEqual([])
  })

  test.each(Object.entries(onlyIn))('imports %s in its place only', (name, place) => {
    const users = imports.filter(({ to }) => to === name || to.startsWith(`${name}/`))
    expect(users.map(({ from }) => from).filter((from) => !place.test(from))).toEqual([])
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
      /^src\/(cli\/(context|main)\.ts|agent\/|backends\/lab\/(components|delay)\/|backends\/kubernetes\/istio\/probe\.ts)/
    expect(wrong.filter((file) => !place.test(file))).toEqual([])
  })

  test('starts programs by file and arguments, never by a shell string', () => {
    const shell = /\bshell:\s*true|\bexecaCommand\b|\bexecSync\(|\bexec\(`/
    const wrong = shipped.filter((file) => shell.test(readFileSync(path.join(root, file), 'utf8')))
    expect(wrong).toEqual([])
  })
})
