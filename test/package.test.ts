import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
let work: string
let installed: string

/** Packs a copy, so that tests running beside this one keep their `dist`. */
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'hopmeter-package-'))
  const source = path.join(work, 'source')
  const parts = [
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'src',
    'scripts',
    'assets',
    'scenarios',
    'schema',
  ]
  for (const part of parts) await cp(path.join(root, part), path.join(source, part), { recursive: true })
  await symlink(path.join(root, 'node_modules'), path.join(source, 'node_modules'))
  await run(process.execPath, ['scripts/build.mjs'], { cwd: source })
  const { stdout } = await run(npm, ['pack', '--ignore-scripts', '--json', '--pack-destination', work], {
    cwd: source,
  })
  const [packed] = JSON.parse(stdout) as [{ filename: string }]
  const consumer = path.join(work, 'consumer')
  await mkdir(consumer)
  await writeFile(path.join(consumer, 'package.json'), '{ "name": "consumer", "private": true }')
  const tarball = path.join(work, packed.filename)
  await run(npm, ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', tarball], {
    cwd: consumer,
  })
  installed = path.join(consumer, 'node_modules', 'hopmeter')
}, 120_000)

afterAll(async () => {
  await rm(work, { recursive: true, force: true })
})

async function drawInstalled(): Promise<string> {
  const program = path.join(installed, '..', '..', 'draw.mjs')
  await writeFile(
    program,
    `import { renderChart } from './node_modules/hopmeter/dist/report/charts/render.js'
     import { ladderChart } from './node_modules/hopmeter/dist/report/charts/ladder.js'
     import { writeFileSync } from 'node:fs'
     const drawing = ladderChart({ title: 'Installed', paths: [{ name: 'a', hops: 4, p50Ns: { estimate: 1e5 } }] })
     writeFileSync('a.png', await renderChart(drawing, { format: 'png' }))
     writeFileSync('a.svg', await renderChart(drawing, { format: 'svg' }))`,
  )
  const { stderr } = await run(process.execPath, ['draw.mjs'], { cwd: path.dirname(program) })
  return stderr
}

test('the installed package draws PNG and SVG with no override, no install script and no compiler', async () => {
  expect(await drawInstalled()).toBe('')
  const consumer = path.join(installed, '..', '..')
  const png = await readFile(path.join(consumer, 'a.png'))
  expect(png.subarray(1, 4).toString()).toBe('PNG')
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2400, 1350])
  expect(png.length).toBeGreaterThan(10_000)
  const svg = await readFile(path.join(consumer, 'a.svg'), 'utf8')
  expect(svg).toContain('</svg>')
  expect(svg.match(/<path/g)?.length ?? 0).toBeGreaterThan(20)
})

test('the installed command starts and knows its scenarios', async () => {
  const { stdout } = await run(process.execPath, [path.join(installed, 'dist/cli/main.js'), 'list'])
  expect(stdout).toContain('hop-ladder')
})

test('the package carries the script of report pages', async () => {
  const script = await readFile(path.join(installed, 'dist/report-page.js'), 'utf8')
  expect(script.length).toBeGreaterThan(100_000)
})

test('nothing in the installed tree has an install script or is node-canvas', async () => {
  const lock = JSON.parse(await readFile(path.join(installed, '..', '.package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean }>
  }
  const names = Object.keys(lock.packages)
  expect(names).not.toContain('node_modules/canvas')
  expect(names.filter((name) => lock.packages[name]?.hasInstallScript)).toEqual([])
})

test('the package carries its fonts with their licence, and no tests', async () => {
  expect(await readdir(path.join(installed, 'assets/fonts'))).toEqual(
    expect.arrayContaining(['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf', 'LICENSE']),
  )
  const files = await readdir(path.join(installed, 'dist'), { recursive: true })
  expect(files.filter((file) => file.includes('.test.') || file.includes('testing'))).toEqual([])
})

test('without the canvas binary, drawing says what to do', async () => {
  const skia = path.join(installed, '..', '@napi-rs')
  await rename(skia, `${skia}-away`)
  try {
    await expect(drawInstalled()).rejects.toThrow(/canvas library does not load/)
  } finally {
    await rename(`${skia}-away`, skia)
  }
})

test('the lock has the canvas binary of every platform', async () => {
  const lock = JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>
  }
  const wanted = Object.keys(lock.packages['node_modules/@napi-rs/canvas']?.optionalDependencies ?? {})
  expect(wanted).toHaveLength(11)
  for (const name of wanted) expect(Object.keys(lock.packages)).toContain(`node_modules/${name}`)
})
