// `kubectl exec` and `crictl exec`: the agent itself runs, on this machine, behind relays that play the components of its paths.
import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { routeFrom } from './data-plane.mjs'
import { fail, withModel } from './model.mjs'
import { object } from './objects.mjs'
import { agent } from './pods.mjs'
import { Relays } from './relay.mjs'
import { envoyClusters } from './telemetry.mjs'
import { closeRecord, openRecord } from './traffic.mjs'

/** The server of a fake pod listens at the port of this fake, so that several fakes can stand side by side. */
export function serverEnvironment(model, pod) {
  const config = pod.spec.containers[0].env?.find(({ name }) => name === 'HOPMETER_SERVE')?.value
  if (config === undefined) return {}
  const own = { ...JSON.parse(config), host: pod.status.podIP, port: model.agentPort }
  return { HOPMETER_SERVE: JSON.stringify(own) }
}

function podOf({ cluster, words }) {
  const name = words.slice(1, words.indexOf('--')).findLast((word) => !word.startsWith('-'))
  return (
    object(cluster, 'Pod', words.namespace, name) ??
    fail(`Error from server (NotFound): pods "${name}" not found`)
  )
}

/** Programs that end by themselves: one request, or a question to a gateway's Envoy. */
export function inPod(model, reached) {
  const pod = podOf(reached)
  const [program, ...args] = reached.words.slice(reached.words.indexOf('--') + 1)
  if (program === 'pilot-agent') return envoyClusters(model, reached.name, pod.metadata.name)
  const [, source, host, port] = args
  if (args[0] !== '-e') fail(`error: exec: "${args[0]}": executable file not found in $PATH`, 127)
  const route = routeFrom(model, reached.name, pod, host, Number(port))
  const record = openRecord(model.folder, route)
  if (route.error) {
    closeRecord(model.folder, record, 0, 0)
    return JSON.stringify({ error: route.failsWith })
  }
  const request = [route.server.ip, String(model.agentPort)]
  const { stdout } = spawnSync(process.execPath, ['-e', source, ...request], { encoding: 'utf8' })
  closeRecord(model.folder, record, 120, 180)
  return stdout.trim()
}

/** Runs the agent with our own standard input and output. */
export async function runAgent(folder, reachPod) {
  const { env, ...from } = withModel(folder, (model) => {
    const reached = reachPod(model)
    const pod = podOf(reached)
    return { env: serverEnvironment(model, pod), pod, cluster: reached.name, mode: reached.words.at(-1) }
  })
  if (from.mode === 'attach') {
    // It only passes on what it reads: no need for a process of its own.
    Object.assign(process.env, env)
    process.argv.splice(1, Infinity, agent, from.mode)
    await import(agent)
    return
  }
  runLoad(folder, env, from)
}

/** What it sends to its targets goes through relays. */
function runLoad(folder, env, from) {
  const child = spawn(process.execPath, [agent, from.mode], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  })
  const relays = new Relays(folder, from)
  const lines = createInterface({ input: process.stdin })
  let earlier = Promise.resolve()
  lines.on('line', (line) => {
    earlier = earlier.then(async () => {
      const message = JSON.parse(line)
      for (const target of message.targets ?? []) Object.assign(target, await relays.of(target))
      child.stdin.write(`${JSON.stringify(message)}\n`)
    })
  })
  lines.on('close', () => void earlier.then(() => child.stdin.end()))
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code) => {
    relays.close()
    process.exit(code ?? 1)
  })
}
