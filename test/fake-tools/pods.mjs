import { spawn } from 'node:child_process'
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
  const child = spawn(process.execPath, args, {
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, ...env },
  })
  child.unref()
  model.processes[own] = child.pid
}

export function killPods(model, clusterName, podName) {
  for (const key of Object.keys(model.processes)) {
    if (podName === undefined ? key.startsWith(`${clusterName}/`) : key === `${clusterName}/${podName}`)
      endProcess(model, key)
  }
}

export function endProcess(model, key) {
  try {
    if (model.processes[key]) process.kill(model.processes[key], 'SIGKILL')
  } catch {
    // ended by itself
  }
  delete model.processes[key]
}
