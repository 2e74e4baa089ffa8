// A small model of Docker, kind clusters and Kubernetes objects, kept in a folder. Enough for whole lives of testbeds.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

/** Reads the model, lets `work` change it, and writes it back; one process at a time. */
export function withModel(folder, work) {
  const lock = path.join(folder, 'lock')
  const release = takeLock(lock)
  try {
    const file = path.join(folder, 'model.json')
    const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined
    const model = before === undefined ? { ...emptyModel(), folder } : JSON.parse(before)
    try {
      return work(model)
    } finally {
      // What failed may have changed something all the same.
      const after = JSON.stringify(model)
      if (after !== before) replace(file, after)
    }
  } finally {
    release()
  }
}

function replace(file, text) {
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}

function takeLock(lock) {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (let tries = 0; tries < 5000; tries++) {
    try {
      mkdirSync(lock)
      writeFileSync(path.join(lock, 'pid'), String(process.pid))
      return () => rmSync(lock, { recursive: true, force: true })
    } catch {
      // Whoever is killed with the model in hand does not give it back.
      if (tries % 100 === 99 && isOfTheDead(lock)) rmSync(lock, { recursive: true, force: true })
      Atomics.wait(pause, 0, 0, 2)
    }
  }
  throw new Error('the model is locked for too long')
}

const longestUnsignedMs = 1000

function isOfTheDead(lock) {
  try {
    const pid = Number(readFileSync(path.join(lock, 'pid'), 'utf8'))
    // Killed between making the lock and signing it: nobody is that slow.
    if (pid === 0) return isOld(lock)
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH' || (error.code === 'ENOENT' && isOld(lock))
  }
}

function isOld(lock) {
  try {
    return Date.now() - statSync(lock).mtimeMs > longestUnsignedMs
  } catch {
    return false // given back meanwhile
  }
}

export function emptyModel() {
  return {
    images: [
      'node:20',
      'haproxy:3.0.11',
      'node:20.19.0-bookworm-slim',
      ...['pilot', 'install-cni', 'ztunnel', 'proxyv2'].map(
        (name) => `registry.istio.io/release/${name}:1.31.0-distroless`,
      ),
    ],
    istio: '1.31.0',
    kubernetes: 'v1.34.0',
    cgroup: '2',
    /** As Docker calls itself. */
    daemon: 'c0ffee00-0000-4000-8000-000000000001',
    /** At which echo servers listen, on the addresses of their pods. */
    agentPort: 8080,
    /** Node containers and others, by name. */
    containers: {},
    /** By kind's name. */
    clusters: {},
    nextAddress: 2,
    /** So many creations of clusters lose the race for a port. */
    portRaces: 0,
    /** What API servers that stood still were asked; also what whoever asked did not mind. */
    askedWhileFrozen: [],
    nextUid: 1,
    /** Echo servers that really run, by pod. */
    processes: {},
    /** Those that were killed and may not have ended yet. */
    ending: [],
  }
}

export class ToolFailure extends Error {
  constructor(stderr, code = 1) {
    super(stderr)
    this.stderr = stderr
    this.code = code
  }
}

export function fail(stderr, code) {
  throw new ToolFailure(stderr, code)
}

/** Value of `--name value` or `--name=value`. */
export function flag(args, ...names) {
  for (const name of names) {
    const at = args.indexOf(name)
    if (at !== -1) return args[at + 1]
    const joined = args.find((arg) => arg.startsWith(`${name}=`))
    if (joined) return joined.slice(name.length + 1)
  }
  return undefined
}

export function flags(args, name) {
  return args.flatMap((arg, i) => (arg === name ? [args[i + 1]] : []))
}

/** Digest by which Docker and the runtimes of nodes know an image. */
export function imageId(image) {
  return `sha256:${createHash('sha256').update(image).digest('hex')}`
}

export function podUid(model) {
  return `00000000-0000-4000-8000-${String(model.nextUid++).padStart(12, '0')}`
}

/** Of the only container of a pod, as the API writes it. */
export function containerId({ metadata: { uid } }) {
  return `containerd://${uid}`
}

/** JSON or YAML. Most of it is JSON, and every call is a process of its own: a YAML parser comes only when needed. */
export function parseDocuments(text) {
  try {
    return [JSON.parse(text)]
  } catch {
    const { parseAllDocuments } = createRequire(import.meta.url)('yaml')
    return parseAllDocuments(text).flatMap((document) => document.toJS() ?? [])
  }
}
