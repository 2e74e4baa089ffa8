// Compiles the library and bundles the programs that run inside workloads.
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import path from 'node:path'
import { bundle } from './bundle.mjs'

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
const main = path.join(root, 'dist/cli/main.js')
if (existsSync(main)) chmodSync(main, 0o755)
