// `npm test`: every check and every test, with all that they need. Arguments go to vitest.
import path from 'node:path'
import {
  buildIfStale,
  checkNode,
  fetchEnvoy,
  fetchNodes,
  installModules,
  installPrograms,
  labPackages,
  root,
  run,
} from './setup.mjs'

checkNode()
// Tests that need a program which cannot be installed here say so and are skipped; CI installs all.
installPrograms({ ...labPackages, bird: 'bird2', chromium: 'chromium', haproxy: 'haproxy' })
installModules()
fetchEnvoy()
fetchNodes()
buildIfStale()
const bin = (name) => path.join(root, 'node_modules', '.bin', name)
const filters = process.argv.slice(2)
if (filters.length === 0) {
  run(bin('tsc'), ['--noEmit'])
  run(bin('oxlint'), ['--type-aware', '--deny-warnings'])
  run(bin('prettier'), ['--check', '--log-level', 'warn', '.'])
}
run(bin('vitest'), ['run', ...filters])
