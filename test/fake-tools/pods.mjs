import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const agent = path.join(import.meta.dirname, '../../dist/agent.mjs')

/** Addresses of fake pods are loopback ones, so that real echo servers can answer there. */
export function podAddress(podCIDR, host) {
  return ['127', ...podCIDR.split('.').slice(1, 3), host].join('.')
}

/** Which pod CIDR a fake pod's address stands for. */
export function standsFor(address) {
  return ['10', ...address.split('.').slice(1)].join('.')
}

/** A server pod is a real echo server. */
export function startPod(model, clusterName, name, env) {
  if (env.HOPMETER_SERVE === undefined) return
  startProcess(model, `${clusterName}/${name}`, [agent, 'serve'], env)
}

/** A program that goes on until `killPods`. */
export function startProcess(model, own, args, env = {}) {
  endProcess(model, own)
  // The addresses and the names of those before it may come again.
  for (const pid of model.ending.splice(0)) waitForEnd(pid)
  const child = spawn(process.execPath, args, {
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, ...env },
  })
  child.unref()
  model.processes[own] = child.pid
  return child.pid
}

export function killPods(model, clusterName, podName) {
  for (const key of Object.keys(model.processes)) {
    if (podName === undefined ? key.startsWith(`${clusterName}/`) : key === `${clusterName}/${podName}`)
      endProcess(model, key)
  }
}

export function endProcess(model, key) {
  try {
    if (model.processes[key]) {
      process.kill(model.processes[key], 'SIGKILL')
      model.ending.push(model.processes[key])
    }
  } catch {
    // ended by itself
  }
  delete model.processes[key]
}

/** On a busy machine a killed process keeps its ports for a while. */
function waitForEnd(pid) {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (let tries = 0; tries < 5000 && holdsFiles(pid); tries++) Atomics.wait(pause, 0, 0, 1)
}

/** A process that nobody has asked for its exit code stays in the list, but has closed everything with its last thread. */
function holdsFiles(pid) {
  try {
    const isZombie = / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/, ''))
    return !isZombie || readdirSync(`/proc/${pid}/task`).length > 1
  } catch {
    return false
  }
}

/** Until the program listens there, at 127.0.0.1, or has ended: Docker's own proxy does from the start, however slow the program is. */
export function waitForPort(port, pid) {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  const listening = ` 0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A `
  for (let tries = 0; tries < 1000 && holdsFiles(pid); tries++) {
    if (readFileSync('/proc/net/tcp', 'utf8').includes(listening)) return
    Atomics.wait(pause, 0, 0, 10)
  }
}
