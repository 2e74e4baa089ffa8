// Programs in a node that reach its pods without API server and kubelet: crictl, and curl in a pod's network.
import { inPod } from './exec-in-pod.mjs'
import { logOf } from './kubectl.mjs'
import { fail, flag } from './model.mjs'
import { configDump, envoyClusters, metrics } from './telemetry.mjs'

/** `exec --interactive CONTAINER PROGRAM…`, `inspect … CONTAINER` or `logs … CONTAINER`. */
export function crictl(model, node, args) {
  const [verb] = args
  if (verb === 'images')
    return JSON.stringify({ images: model.containers[node].node.images.map((tag) => ({ repoTags: [tag] })) })
  if (verb === 'exec') return inPod(model, reachOnNode(model, node, args))
  const { name, pod } = podOf(model, node, args.at(-1))
  if (verb === 'inspect') return String(pidOf(pod))
  if (verb === 'logs')
    return logOf(model, name, pod.metadata.name, { since: flag(args, '--since'), tail: flag(args, '--tail') })
  return fail(`No help topic for '${verb}'`, 3)
}

/** The pod of a container, and the program for it, as `kubectl exec` has them. */
export function reachOnNode(model, node, args) {
  const words = args.slice(1).filter((word) => word !== '--interactive')
  const { name, cluster, pod } = podOf(model, node, words[0])
  const program = ['exec', pod.metadata.name, '--', ...words.slice(1)]
  return { name, cluster, words: Object.assign(program, { namespace: pod.metadata.namespace }) }
}

/** `nsenter --target PID --net curl … URL`: what listens at the loopback of a pod. */
export function nsenter(model, node, args) {
  const pid = Number(flag(args, '--target'))
  const { name, pod } =
    podsOn(model, node).find((own) => pidOf(own.pod) === pid) ?? fail('nsenter: no such process')
  const { port, pathname } = new URL(args.at(-1))
  const own = pod.metadata.name
  const isZtunnel = model.clusters[name].ztunnels?.[own] !== undefined
  if (isZtunnel && port === '15000' && pathname === '/config_dump') return configDump(model, name, own)
  if (isZtunnel && port === '15020' && pathname === '/metrics') return metrics(model, name, own)
  if (!isZtunnel && port === '15000' && pathname === '/clusters') return envoyClusters(model, name, own)
  return fail(`curl: (7) Failed to connect to 127.0.0.1 port ${port}`, 7)
}

function podOf(model, node, container) {
  const found = podsOn(model, node).find(({ pod }) => pod.metadata.uid === container)
  return found ?? fail(`FATA[0000] container ID "${container}" not found: not found`)
}

function podsOn(model, node) {
  const name = model.containers[node].cluster
  const cluster = model.clusters[name]
  return Object.values(cluster.objects)
    .filter(({ kind, metadata, spec }) => kind === 'Pod' && metadata.uid && spec?.nodeName === node)
    .map((pod) => ({ name, cluster, pod }))
}

function pidOf({ metadata: { uid } }) {
  return 1000 + Number(uid.slice(-12))
}
