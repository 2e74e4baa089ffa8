// Compiles the library, bundles the programs that run inside workloads, and outlines the verbs.
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import path from 'node:path'
import { bundle } from './bundle.mjs'
import { launchByShell } from './launcher.mjs'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
rmSync(path.join(root, 'dist'), { recursive: true, force: true })
execFileSync(
  process.execPath,
  [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
  {
    cwd: root,
    stdio: 'inherit',
  },
)
await bundle()
await outlineVerbs()
const main = path.join(root, 'dist/cli/main.js')
if (existsSync(main)) {
  launchByShell(main)
  chmodSync(main, 0o755)
}

/** Help and completion print what is written here, instead of loading every verb for it. */
async function outlineVerbs() {
  const [{ createProgram }, { outlineOf }] = await Promise.all(
    ['program', 'outline'].map((name) => import(path.join(root, `dist/cli/${name}.js`))),
  )
  const nobody = { stdout: process.stdout, stderr: process.stderr, env: {} }
  const program = await createProgram(nobody, [])
  writeFileSync(path.join(root, 'dist/cli/outline.json'), JSON.stringify(program.commands.map(outlineOf)))
}
