import { spawn } from 'node:child_process'
import path from 'node:path'

const agent = path.join(import.meta.dirname, '../../dist/agent.mjs')

/** Addresses of fake pods are loopback ones, so that real echo servers can answer there. */
export function podAddress(podCIDR, host) {
  return ['127', ...podCIDR.split('.').slice(1, 3), host].join('.')
}

/** Which pod CIDR a fake pod's address stands for. */
export function standsFor(address) {
  return ['10', ...address.split('.').slice(1)].join('.')
}

/** A server pod is a real echo server. */
export function startPod(model, clusterName, pod, address) {
  const container = pod.spec.containers[0]
  const config = container.env?.find((variable) => variable.name === 'HOPMETER_SERVE')?.value
  if (config === undefined) return
  const env = { ...process.env, HOPMETER_SERVE: serverConfig(config, address) }
  const child = spawn(process.execPath, [agent, 'serve'], { stdio: 'ignore', detached: true, env })
  child.unref()
  model.processes[`${clusterName}/${pod.metadata.name}`] = child.pid
}

export function serverConfig(config, address) {
  return JSON.stringify({ ...JSON.parse(config), host: address })
}

export function killPods(model, clusterName, podName) {
  for (const [key, pid] of Object.entries(model.processes)) {
    if (podName === undefined ? key.startsWith(`${clusterName}/`) : key === `${clusterName}/${podName}`) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // ended by itself
      }
      delete model.processes[key]
    }
  }
}
