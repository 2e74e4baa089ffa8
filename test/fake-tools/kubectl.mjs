import { readFileSync } from 'node:fs'
import { reconcile, replacedRemote, republish, restart } from './istio.mjs'
import { containerId, fail, flag, imageId, parseDocuments, podUid } from './model.mjs'
import { gatewayCrd, get, key, now, object, objectsOf, put, resource } from './objects.mjs'
import { inPod, serverEnvironment } from './exec-in-pod.mjs'
import { isFrozen } from './freeze.mjs'
import { killPods, podAddress, startPod } from './pods.mjs'
import { accessLog, metrics } from './telemetry.mjs'

export function kubectl(model, args, input) {
  if (args[0] === 'version') return JSON.stringify({ clientVersion: { gitVersion: 'v1.34.0' } })
  const { cluster, name, words } = reach(model, args)
  const [verb, noun] = words
  if (verb === 'get' && noun === '--raw') return raw(model, cluster, name, words[2])
  if (verb === 'get' && noun === 'nodes') return nodes(model, cluster)
  if (verb === 'get' && noun === 'leases') return leases(model, cluster)
  if (verb === 'get') {
    republish(cluster)
    return get(cluster, words)
  }
  if (verb === 'describe') return describe(cluster)
  if (verb === 'apply') return apply(model, name, cluster, documents(words, input))
  if (verb === 'delete') return remove(model, name, cluster, words)
  if (verb === 'annotate' || verb === 'label') return mark(cluster, words)
  if (verb === 'patch') return patch(cluster, words)
  if (verb === 'set' && noun === 'image') return setImage(model, name, cluster, words)
  if (verb === 'rollout') return rollout(model, name, cluster, words)
  if (verb === 'logs') return logs(model, cluster, name, words)
  if (verb === 'exec') return inPod(model, { cluster, name, words })
  return fail(`error: unknown command "${verb}" for "kubectl"`)
}

/** The cluster behind file and context, as a real kubectl would reach it, and the words without global flags. */
export function reach(model, args) {
  const kubeconfig = flag(args, '--kubeconfig')
  const context = flag(args, '--context')
  if (!kubeconfig || !context) fail("error: this would have used the user's own kubeconfig")
  const name = context.replace(/^kind-/, '')
  const cluster = model.clusters[name]
  const isUp = cluster?.nodes?.every((node) => model.containers[node.name].running)
  if (!isUp)
    fail(`The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?`)
  // The real one would say nothing until the caller gives up; whoever asks is at fault, and is told at once.
  if (cluster.nodes.some((node) => isFrozen(model, node.name))) {
    model.askedWhileFrozen.push(args.join(' '))
    fail(`Unable to connect to the server: net/http: TLS handshake timeout (${name} is frozen)`)
  }
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
      nodeInfo: { kubeletVersion: model.kubernetes },
    },
  }))
  return JSON.stringify({ items })
}

/** Kubelets renew them as soon as they run, unless the model says when they last did. */
function leases(model, cluster) {
  const renewTime = new Date(model.renewedMs ?? Date.now()).toISOString()
  return JSON.stringify({
    items: cluster.nodes.map(({ name }) => ({ metadata: { name }, spec: { renewTime } })),
  })
}

/** What `--filename` names: standard input, a file, or the Gateway API's release on the network. */
function documents(words, input) {
  const file = flag(words, '--filename')
  if (file === '-') return parseDocuments(input)
  const version = /gateway-api\/releases\/download\/([^/]+)\//.exec(file)?.[1]
  if (version !== undefined) return [crd(version)]
  try {
    return parseDocuments(readFileSync(file, 'utf8'))
  } catch {
    return fail(`error: the path "${file}" does not exist`)
  }
}

function crd(version) {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: gatewayCrd, annotations: { 'gateway.networking.k8s.io/bundle-version': version } },
  }
}

function apply(model, clusterName, cluster, bodies) {
  for (const own of bodies.flatMap((body) => (body?.kind === 'List' ? body.items : [body]))) {
    if (!own?.kind) fail('error: error validating "STDIN": invalid object to validate')
    applyOne(model, clusterName, cluster, own)
  }
  reconcile(model, clusterName)
  return ''
}

function applyOne(model, clusterName, cluster, own) {
  const { kind, metadata } = own
  const { namespace } = metadata
  if (
    namespace !== undefined &&
    namespace !== 'kube-system' &&
    !object(cluster, 'Namespace', undefined, namespace)
  )
    fail(`Error from server (NotFound): namespaces "${namespace}" not found`)
  if (kind.startsWith('Gateway')) resource(cluster, kind.toLowerCase())
  const before = cluster.objects[key(kind, namespace, metadata.name)]
  metadata.labels = { ...before?.metadata.labels, ...metadata.labels }
  // Server-side apply: what this manager applied before and does not any more goes, what others wrote stays.
  const others = Object.entries(before?.metadata.annotations ?? {}).filter(
    ([name]) => !before.applied?.includes(name),
  )
  own.applied = Object.keys(metadata.annotations ?? {})
  metadata.annotations = { ...Object.fromEntries(others), ...metadata.annotations }
  own.status = before?.status
  if (kind === 'Service') own.spec.clusterIP = before?.spec.clusterIP ?? serviceAddress(cluster)
  if (kind === 'Secret' && own.stringData) {
    own.data = Object.fromEntries(
      Object.entries(own.stringData).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
    )
    delete own.stringData
  }
  if (kind === 'Pod') {
    if (before)
      fail(`The Pod "${metadata.name}" is invalid: spec: Forbidden: pod updates may not change fields`)
    runPod(model, clusterName, cluster, own)
  }
  if (kind === 'Job') {
    if (before)
      fail(`The Job "${metadata.name}" is invalid: spec.template: Invalid value: field is immutable`)
    runJob(model, clusterName, cluster, own)
  }
  // The agent's source would make every later reading of the model slow.
  if (own.data?.['agent.mjs']) own.data = { 'agent.mjs': `${own.data['agent.mjs'].length} characters` }
  put(cluster, own)
  const isReplaced = before?.data && JSON.stringify(before.data) !== JSON.stringify(own.data)
  if (isReplaced && metadata.labels['istio/multiCluster']) replacedRemote(model, clusterName, metadata.name)
}

/** Service addresses are loopback ones, too, and never dialled themselves: a relay stands for ztunnel. */
export function serviceAddress(cluster) {
  return `127.${cluster.podSubnet.split('.')[1]}.255.${cluster.nextService++}`
}

function runPod(model, clusterName, cluster, pod) {
  const { namespace, name } = pod.metadata
  const wanted =
    pod.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]
      .matchFields[0].values[0]
  const node = cluster.nodes.find((own) => own.name === wanted)
  if (!object(cluster, 'ServiceAccount', namespace, pod.spec.serviceAccountName))
    fail(`Error from server (Forbidden): serviceaccount "${pod.spec.serviceAccountName}" not found`)
  if (!node) {
    const unscheduled = { type: 'PodScheduled', status: 'False', message: '0 nodes match' }
    pod.status = { phase: 'Pending', conditions: [unscheduled] }
    return
  }
  const podIP = podAddress(node.podCIDR, cluster.nextPod++)
  pod.spec.nodeName = node.name
  pod.metadata.uid = podUid(model)
  const ready = { type: 'Ready', status: 'True' }
  const { image } = pod.spec.containers[0]
  const container = {
    ...{ image, imageID: imageId(image), containerID: containerId(pod) },
    ...{ ready: true, restartCount: 0, state: { running: {} } },
  }
  pod.status = {
    ...{ phase: 'Running', podIP, startTime: now(), conditions: [ready] },
    containerStatuses: [container],
  }
  if (isCaptured(cluster, pod)) pod.metadata.annotations['ambient.istio.io/redirection'] = 'enabled'
  startPod(model, clusterName, name, serverEnvironment(model, pod))
}

/** An indexed Job: its pods have numbers, and names with an ending of Kubernetes' own. */
function runJob(
  model,
  clusterName,
  cluster,
  { metadata: { name, namespace }, spec: { completions, template } },
) {
  for (let index = 0; index < completions; index++) {
    const labels = { ...template.metadata.labels, 'job-name': name }
    const annotations = { 'batch.kubernetes.io/job-completion-index': String(index) }
    const ending = (model.nextUid++).toString(36).padStart(5, 'x')
    const metadata = { name: `${name}-${index}-${ending}`, namespace, labels, annotations }
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec }
    runPod(model, clusterName, cluster, pod)
    put(cluster, pod)
  }
}

/** What istio-cni decides when a pod starts; later labels change nothing. */
function isCaptured(cluster, { metadata }) {
  const mode = 'istio.io/dataplane-mode'
  const labels = object(cluster, 'Namespace', undefined, metadata.namespace)?.metadata.labels
  return cluster.istiod !== undefined && (metadata.labels[mode] ?? labels?.[mode]) === 'ambient'
}

function remove(model, clusterName, cluster, words) {
  if (words[1] === 'namespace') {
    for (const name of words.slice(2).filter((word) => !word.startsWith('--')))
      removeNamespace(model, clusterName, cluster, name)
    return ''
  }
  const names = words.slice(1).filter((word) => word.includes('/'))
  for (const [noun, name] of names.map((word) => word.split('/'))) {
    const { kind } = resource(cluster, noun)
    if (kind === 'Pod') killPods(model, clusterName, name)
    delete cluster.objects[key(kind, words.namespace, name)]
    for (const pod of objectsOf(cluster, 'Pod', words.namespace)) {
      const isOfJob = kind === 'Job' && pod.metadata.labels?.['job-name'] === name
      if (isOfJob) delete cluster.objects[key('Pod', words.namespace, pod.metadata.name)]
    }
  }
  return ''
}

function removeNamespace(model, clusterName, cluster, name) {
  for (const [own, { kind, metadata }] of Object.entries(cluster.objects)) {
    const isItself = kind === 'Namespace' && metadata.name === name
    if (!isItself && metadata.namespace !== name) continue
    if (kind === 'Pod') killPods(model, clusterName, metadata.name)
    delete cluster.objects[own]
  }
}

/** `kubectl annotate|label namespace NAME key=value key-`. */
function mark(cluster, words) {
  const [verb, noun, ...rest] = words.filter((word) => !word.startsWith('--'))
  const isChange = (word) => /[=/]/.test(word)
  const { kind, plural } = resource(cluster, noun)
  for (const name of rest.filter((word) => !isChange(word))) {
    const own = object(cluster, kind, words.namespace, name)
    if (!own) fail(`Error from server (NotFound): ${plural} "${name}" not found`)
    const field = verb === 'label' ? 'labels' : 'annotations'
    own.metadata[field] ??= {}
    for (const change of rest.filter(isChange)) {
      const [at, value] = change.split('=')
      if (value === undefined) delete own.metadata[field][at.replace(/-$/, '')]
      else own.metadata[field][at] = value
    }
  }
  return ''
}

function patch(cluster, words) {
  const [, noun, name] = words
  const { kind, plural } = resource(cluster, noun)
  const own = object(cluster, kind, words.namespace, name)
  if (!own) fail(`Error from server (NotFound): ${plural} "${name}" not found`)
  const change = JSON.parse(flag(words, '--patch'))
  own.status = { ...own.status, ...change.status }
  return ''
}

/** `kubectl set image KIND/NAME CONTAINER=IMAGE`: pods of that image, once every node has it. */
function setImage(model, clusterName, cluster, words) {
  const [, , of, change] = words
  const [noun, name] = of.split('/')
  const { kind, plural } = resource(cluster, noun)
  const own = object(cluster, kind, words.namespace, name)
  if (!own) fail(`Error from server (NotFound): ${plural} "${name}" not found`)
  const [container, image] = change.split('=')
  if (container !== 'istio-proxy') fail(`error: unable to find container named "${container}"`)
  const [first] = own.spec.template.spec.containers
  if (first.image === image) return ''
  first.image = image
  own.metadata.generation += 1
  own.status.observedGeneration += 1
  // Nodes without a network run only what was loaded into them.
  const isLoaded = cluster.nodes.every((node) => model.containers[node.name].node.images.includes(image))
  if (kind === 'DaemonSet') own.status.numberAvailable = isLoaded ? cluster.nodes.length : 0
  if (isLoaded) restart(model, clusterName, name)
  reconcile(model, clusterName)
  return `${of} image updated`
}

function rollout(model, clusterName, cluster, words) {
  const [, verb, of] = words
  const [noun, name] = of.split('/')
  const { kind, plural } = resource(cluster, noun)
  const own = object(cluster, kind, words.namespace, name)
  if (!own) fail(`Error from server (NotFound): ${plural} "${name}" not found`)
  if (verb === 'status' && own.status.numberAvailable === 0)
    fail('error: timed out waiting for the condition')
  if (verb === 'restart') restart(model, clusterName, name)
  return verb === 'restart' ? `${of} restarted` : `${of} successfully rolled out`
}

function logs(model, cluster, clusterName, words) {
  const pod = words[1]
  if (!object(cluster, 'Pod', words.namespace, pod))
    fail(`error: error from server (NotFound): pods "${pod}" not found in namespace "${words.namespace}"`)
  return logOf(model, clusterName, pod, { since: flag(words, '--since-time'), tail: flag(words, '--tail') })
}

/** What a pod wrote: only ztunnels write anything. */
export function logOf(model, clusterName, pod, { since, tail }) {
  const lines = model.clusters[clusterName].ztunnels?.[pod] ? accessLog(model, clusterName, pod) : []
  const later = since === undefined ? lines : lines.filter((line) => line.slice(0, 19) >= since.slice(0, 19))
  return (tail === undefined ? later : later.slice(-Number(tail))).join('\n')
}

function describe(cluster) {
  return objectsOf(cluster, 'Pod')
    .map(({ metadata }) => `Name: ${metadata.name}\nNamespace: ${metadata.namespace}`)
    .join('\n\n')
}

function raw(model, cluster, clusterName, url) {
  const pod = /\/pods\/([^:]+):15020\/proxy\/metrics$/.exec(url)?.[1]
  if (!cluster.ztunnels?.[pod])
    fail('Error from server (NotFound): the server could not find the requested resource')
  return metrics(model, clusterName, pod)
}
