// `npm run bench [NAME…] [-- OPTIONS]`: the benches, one after the other; nothing else should run on the machine
// meanwhile. What follows the names goes to each bench.
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { buildIfStale, checkNode, installModules, installPrograms, labPackages, root, run } from './setup.mjs'

checkNode()
if (installPrograms({ ...labPackages, wrk: 'wrk' }).length > 0) process.exit(1)
installModules()
buildIfStale()
const folder = path.join(root, 'bench')
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && existsSync(path.join(folder, file)))
  .map((file) => path.basename(file, '.ts'))
  // Parts of a bench, started by it.
  .filter((name) => !name.endsWith('-load'))
const args = process.argv.slice(2)
const firstOption = args.findIndex((arg, i) => !known.includes(arg) && (i > 0 || arg.startsWith('-')))
const wanted = firstOption < 0 ? args : args.slice(0, firstOption)
const options = firstOption < 0 ? [] : args.slice(firstOption)
const unknown = wanted.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are ${known.join(', ')}`)
  process.exit(2)
}
for (const name of wanted.length > 0 ? wanted : known) {
  console.log(`\n== ${name}`)
  run(path.join(root, 'node_modules', '.bin', 'tsx'), [path.join(folder, `${name}.ts`), ...options])
}
