// Kubernetes objects of one cluster: names, selectors, and answers in kubectl's words.
import { fail, flag } from './model.mjs'

const kinds = {
  configmap: { kind: 'ConfigMap' },
  crd: {
    kind: 'CustomResourceDefinition',
    isGlobal: true,
    plural: 'customresourcedefinitions.apiextensions.k8s.io',
  },
  event: { kind: 'Event' },
  daemonset: { kind: 'DaemonSet', plural: 'daemonsets.apps' },
  deployment: { kind: 'Deployment', plural: 'deployments.apps' },
  gateway: { kind: 'Gateway', plural: 'gateways.gateway.networking.k8s.io', needsCrds: true },
  gatewayclass: {
    kind: 'GatewayClass',
    isGlobal: true,
    plural: 'gatewayclasses.gateway.networking.k8s.io',
    needsCrds: true,
  },
  job: { kind: 'Job', plural: 'jobs.batch' },
  namespace: { kind: 'Namespace', isGlobal: true },
  networkpolicy: { kind: 'NetworkPolicy', plural: 'networkpolicies.networking.k8s.io' },
  node: { kind: 'Node', isGlobal: true },
  pod: { kind: 'Pod' },
  secret: { kind: 'Secret' },
  service: { kind: 'Service' },
  serviceaccount: { kind: 'ServiceAccount' },
}

const globalKinds = new Set(
  Object.values(kinds)
    .filter(({ isGlobal }) => isGlobal)
    .map(({ kind }) => kind),
)

export const gatewayCrd = 'gateways.gateway.networking.k8s.io'

/** `pods`, `pod`, `gatewayclasses` or `networkpolicies` as the resource that they name. */
export function resource(cluster, word) {
  const singular = kinds[word]
    ? word
    : [word.replace(/ies$/, 'y'), word.replace(/ses$/, 's'), word.replace(/s$/, '')].find(
        (name) => kinds[name],
      )
  const found = kinds[singular]
  if (!found || (found.needsCrds && !cluster.objects[key('CustomResourceDefinition', undefined, gatewayCrd)]))
    fail(`error: the server doesn't have a resource type "${word}"`)
  return { plural: `${singular}s`, ...found }
}

export function key(kind, namespace, name) {
  return `${kind}/${globalKinds.has(kind) ? '' : (namespace ?? 'default')}/${name}`
}

export function object(cluster, kind, namespace, name) {
  return cluster.objects[key(kind, namespace, name)]
}

export function objectsOf(cluster, kind, namespace) {
  return Object.values(cluster.objects).filter(
    (own) => own.kind === kind && (namespace === undefined || own.metadata.namespace === namespace),
  )
}

export function put(cluster, own) {
  cluster.objects[key(own.kind, own.metadata.namespace, own.metadata.name)] = own
  return own
}

/** `a=b,c in (d, e)` as Kubernetes reads it. */
function matches(selector, labels = {}) {
  if (selector === undefined) return true
  return selector.split(/,(?![^(]*\))/).every((term) => {
    const [, name, values] = /^(\S+) in \((.*)\)$/.exec(term) ?? []
    if (name !== undefined) return values.split(/,\s*/).includes(labels[name])
    const [own, value] = term.split('=')
    return labels[own] === value
  })
}

/** `kubectl get`: a list where kinds or several names are asked for, one object where one name is. */
export function get(cluster, words) {
  const [, nouns, ...names] = words.filter((word, i) => !word.startsWith('-') && !isValue(words, i))
  const output = flag(words, '--output', '-o')
  const wanted = nouns.includes('/')
    ? [nouns, ...names].map((word) => word.split('/'))
    : names.map((name) => [nouns, name])
  if (wanted.length === 0) {
    const namespace = words.includes('--all-namespaces') ? undefined : (words.namespace ?? 'default')
    const items = nouns.split(',').flatMap((noun) => {
      const { kind, isGlobal } = resource(cluster, noun)
      return objectsOf(cluster, kind, isGlobal ? undefined : namespace)
    })
    const selector = flag(words, '--selector')
    return list(items.filter(({ metadata }) => matches(selector, metadata.labels)))
  }
  const missing = []
  const found = wanted.flatMap(([noun, name]) => {
    const { kind, plural } = resource(cluster, noun)
    const own = object(cluster, kind, words.namespace, name)
    if (!own) missing.push(`Error from server (NotFound): ${plural} "${name}" not found`)
    return own ? [own] : []
  })
  if (missing.length > 0) fail(missing.join('\n'))
  if (found.length > 1) return list(found)
  return output === 'json' ? JSON.stringify(found[0]) : (found[0].data?.session ?? '')
}

const withValue = new Set(['--output', '-o', '--selector', '--timeout', '--type', '--patch', '--subresource'])

function isValue(words, i) {
  return withValue.has(words[i - 1])
}

function list(items) {
  return JSON.stringify({ kind: 'List', items })
}

/** Whole seconds, as the API writes times. */
export function now() {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z')
}
