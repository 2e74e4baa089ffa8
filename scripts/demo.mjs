// `npm run demo`: hop-ladder in the lab, from a clean clone to the ladder and its chart.
import path from 'node:path'
import { buildIfStale, checkNode, installModules, installPrograms, labPackages, root } from './setup.mjs'
import { spawn } from 'node:child_process'

checkNode()
if (installPrograms(labPackages).length > 0) process.exit(1)
installModules()
buildIfStale()

const main = path.join(root, 'dist', 'cli', 'main.js')
const child = spawn(process.execPath, [main, 'run', 'hop-ladder', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
// A terminal sends Ctrl-C to both of us: hopmeter stops in order, we wait for it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => signal === 'SIGINT' || child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
