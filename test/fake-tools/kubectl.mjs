import { spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fail, flag } from './model.mjs'
import { killPods, podAddress, serverConfig, standsFor, startPod } from './pods.mjs'

const agent = path.join(import.meta.dirname, '../../dist/agent.mjs')
const plural = {
  namespaces: 'Namespace',
  configmaps: 'ConfigMap',
  serviceaccounts: 'ServiceAccount',
  services: 'Service',
  pods: 'Pod',
}

export function kubectl(model, args, input) {
  if (args[0] === 'version') return JSON.stringify({ clientVersion: { gitVersion: 'v1.34.0' } })
  const { cluster, name, words } = reach(model, args)
  const [verb, noun] = words
  if (verb === 'get' && noun === 'nodes') return nodes(model, cluster)
  if (verb === 'get') return get(cluster, words)
  if (verb === 'apply') return apply(model, name, cluster, JSON.parse(input))
  if (verb === 'delete') return remove(model, name, cluster, words)
  return fail(`error: unknown command "${verb}" for "kubectl"`)
}

/** The cluster behind file and context, as a real kubectl would reach it, and the words without global flags. */
function reach(model, args) {
  const kubeconfig = flag(args, '--kubeconfig')
  const context = flag(args, '--context')
  if (!kubeconfig || !context) fail("error: this would have used the user's own kubeconfig")
  const name = context.replace(/^kind-/, '')
  const cluster = model.clusters[name]
  const isUp = cluster?.nodes.every((node) => model.containers[node.name].running)
  if (!isUp)
    fail(`The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?`)
  const words = []
  for (let i = 0; i < args.length; i++) {
    if (['--kubeconfig', '--context', '--request-timeout'].includes(args[i])) i++
    else words.push(args[i])
  }
  const at = words.indexOf('--namespace')
  const namespace = at === -1 ? undefined : words.splice(at, 2)[1]
  return { cluster, name, words: Object.assign(words, { namespace }) }
}

function nodes(model, cluster) {
  const items = cluster.nodes.map(({ name, address, podCIDR }) => ({
    metadata: { name },
    spec: { podCIDR },
    status: {
      addresses: [{ type: 'InternalIP', address }],
      conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: new Date().toISOString() }],
      nodeInfo: { kubeletVersion: 'v1.34.0' },
    },
  }))
  return JSON.stringify({ items })
}

function key(kind, namespace, name) {
  return `${kind}/${kind === 'Namespace' ? '' : (namespace ?? 'default')}/${name}`
}

function get(cluster, words) {
  const [, noun, name] = words
  const output = flag(words, '--output', '-o')
  if (words.includes('--all-namespaces')) {
    const [label, value] = flag(words, '--selector').split('=')
    const kinds = noun.split(',').map((word) => plural[word])
    const items = Object.values(cluster.objects).filter(
      (object) => kinds.includes(object.kind) && object.metadata.labels?.[label] === value,
    )
    return JSON.stringify({ items })
  }
  if (noun === 'namespaces') {
    const [label, value] = flag(words, '--selector').split('=')
    const all = Object.values(cluster.objects).filter((object) => object.kind === 'Namespace')
    return JSON.stringify({ items: all.filter((object) => object.metadata.labels?.[label] === value) })
  }
  const kind =
    { configmap: 'ConfigMap', namespace: 'Namespace' }[noun] ??
    fail(`error: the server doesn't have a resource type "${noun}"`)
  const object = cluster.objects[key(kind, words.namespace, name)]
  if (!object) fail(`Error from server (NotFound): ${noun}s "${name}" not found`)
  return output === 'json' ? JSON.stringify(object) : (object.data?.session ?? '')
}

function apply(model, clusterName, cluster, body) {
  for (const object of body.kind === 'List' ? body.items : [body]) {
    const { kind, metadata } = object
    if (
      kind !== 'Namespace' &&
      metadata.namespace !== 'kube-system' &&
      !cluster.objects[key('Namespace', undefined, metadata.namespace)]
    ) {
      fail(`Error from server (NotFound): namespaces "${metadata.namespace}" not found`)
    }
    const own = key(kind, metadata.namespace, metadata.name)
    const before = cluster.objects[own]
    if (kind === 'Service') {
      const clusterIP =
        before?.spec.clusterIP ?? `127.${cluster.podSubnet.split('.')[1]}.255.${cluster.nextService++}`
      object.spec.clusterIP = clusterIP
    }
    if (kind === 'Pod') {
      if (before)
        fail(`The Pod "${metadata.name}" is invalid: spec: Forbidden: pod updates may not change fields`)
      runPod(model, clusterName, cluster, object)
    }
    // The agent's source would make every later reading of the model slow.
    if (object.data?.['agent.mjs'])
      object.data = { 'agent.mjs': `${object.data['agent.mjs'].length} characters` }
    cluster.objects[own] = object
  }
  return ''
}

function runPod(model, clusterName, cluster, pod) {
  const wanted =
    pod.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]
      .matchFields[0].values[0]
  const node = cluster.nodes.find(({ name }) => name === wanted)
  const account = cluster.objects[key('ServiceAccount', pod.metadata.namespace, pod.spec.serviceAccountName)]
  if (!account)
    fail(`Error from server (Forbidden): serviceaccount "${pod.spec.serviceAccountName}" not found`)
  if (!node) {
    pod.status = {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', message: '0 nodes match' }],
    }
    return
  }
  const podIP = podAddress(node.podCIDR, cluster.nextPod++)
  pod.spec.nodeName = node.name
  pod.status = { phase: 'Running', podIP, conditions: [{ type: 'Ready', status: 'True' }] }
  startPod(model, clusterName, pod, podIP)
}

function remove(model, clusterName, cluster, words) {
  if (words[1] === 'namespace') {
    for (const name of words.slice(2).filter((word) => !word.startsWith('--')))
      removeNamespace(model, clusterName, cluster, name)
    return ''
  }
  const [kind, name] = words.at(-1).split('/')
  const found = Object.keys(cluster.objects).find(
    (own) => own.toLowerCase() === key(kind, words.namespace, name).toLowerCase(),
  )
  if (found?.startsWith('Pod/')) killPods(model, clusterName, name)
  if (found) delete cluster.objects[found]
  return ''
}

function removeNamespace(model, clusterName, cluster, name) {
  for (const own of Object.keys(cluster.objects)) {
    const [kind, namespace, object] = own.split('/')
    if (own !== key('Namespace', undefined, name) && namespace !== name) continue
    if (kind === 'Pod') killPods(model, clusterName, object)
    delete cluster.objects[own]
  }
}

/** `kubectl exec`: the agent itself runs, on this machine, against targets that the model's routes let through. */
export function execInPod(model, args) {
  const { cluster, name: clusterName, words } = reach(model, args)
  const at = words.indexOf('--')
  const podName = words[at - 1]
  const pod = cluster.objects[key('Pod', words.namespace, podName)]
  if (!pod) fail(`Error from server (NotFound): pods "${podName}" not found`)
  const mode = words.at(-1)
  const config = pod.spec.containers[0].env?.[0]?.value
  const env = config === undefined ? {} : { HOPMETER_SERVE: serverConfig(config, pod.status.podIP) }
  return { mode, env, reachable: (host) => isReachable(model, clusterName, pod, host) }
}

function isReachable(model, from, pod, host) {
  const target = standsFor(host).split('.')
  const owner = Object.entries(model.clusters).find(([, c]) => c.podSubnet.split('.')[1] === target[1])
  if (!owner) return false
  if (owner[0] === from) return true
  const targetNode = owner[1].nodes.find((node) => node.podCIDR.split('.')[2] === target[2])
  const own = model.clusters[from].nodes.find(({ name }) => name === pod.spec.nodeName)
  const leads = (node, cidr, via) =>
    model.containers[node].node.routes.some(
      (route) => route.dst === cidr && (route.gateway === via || route.dev === 'hopmeter-vxlan'),
    )
  return (
    targetNode !== undefined &&
    leads(own.name, targetNode.podCIDR, targetNode.address) &&
    leads(targetNode.name, own.podCIDR, own.address)
  )
}

/** Runs the agent with our own standard input and output. */
export function runAgent({ mode, env, reachable }) {
  const child = spawn(process.execPath, [agent, mode], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  })
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => {
    const message = JSON.parse(line)
    for (const target of message.targets ?? []) {
      // Nobody listens on the discard port: as good as no route.
      if (!reachable(target.host)) Object.assign(target, { host: '127.0.0.1', port: 9 })
    }
    child.stdin.write(`${JSON.stringify(message)}\n`)
  })
  lines.on('close', () => child.stdin.end())
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code) => process.exit(code ?? 1))
}
