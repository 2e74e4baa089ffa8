// What istiod and ztunnels of a fake cluster know, as Istio ambient has it from 1.27 on.
import { key, now, object, objectsOf, put, resource } from './objects.mjs'
import { containerId, podUid } from './model.mjs'
import { podAddress } from './pods.mjs'

const system = 'istio-system'
const networkLabel = 'topology.istio.io/network'
const gatewayName = 'istio-eastwestgateway'

/** `istioctl install`: everything of the ambient profile runs at once. */
export function install(model, clusterName, operator) {
  const cluster = model.clusters[clusterName]
  const { hub, tag, components, values } = operator.spec
  if (!object(cluster, 'Namespace', undefined, system))
    put(cluster, { kind: 'Namespace', metadata: { name: system, labels: {} } })
  const env = Object.fromEntries(components.pilot.k8s.env.map(({ name, value }) => [name, value]))
  const variant = values.global.variant ? `-${values.global.variant}` : ''
  const changed = { hub, tag: `${tag}${variant}`, clusterName: values.global.multiCluster.clusterName }
  const isMulti = env.AMBIENT_ENABLE_MULTI_NETWORK === 'true'
  cluster.istiod = {
    ...changed,
    isMulti,
    network: values.ztunnel.network,
    threads: Number(values.ztunnel.env.ZTUNNEL_WORKER_THREADS),
  }
  account(cluster, 'istio-reader-service-account')
  deployment(cluster, 'istiod')
  daemonset(cluster, 'istio-cni-node')
  daemonset(cluster, 'ztunnel')
  restart(model, clusterName, 'istiod')
  restart(model, clusterName, 'ztunnel')
  reconcile(model, clusterName)
}

function account(cluster, name) {
  put(cluster, { kind: 'ServiceAccount', metadata: { name, namespace: system } })
}

function deployment(cluster, name, own = image(cluster, name === 'istiod' ? 'pilot' : 'proxyv2')) {
  const status = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 }
  const env = name === 'istiod' ? [{ name: 'CLUSTER_ID', value: cluster.istiod.clusterName }] : []
  const template = {
    spec: { containers: [{ image: own, env }] },
  }
  const labels = { app: name }
  put(cluster, {
    kind: 'Deployment',
    metadata: { name, namespace: system, generation: 1, labels },
    spec: { replicas: 1, template },
    status,
  })
}

function daemonset(cluster, name) {
  const count = cluster.nodes.length
  const status = {
    observedGeneration: 1,
    desiredNumberScheduled: count,
    updatedNumberScheduled: count,
    numberAvailable: count,
  }
  const env = [{ name: 'NETWORK', value: cluster.istiod.network }]
  const template = {
    spec: { containers: [{ image: image(cluster, name === 'ztunnel' ? 'ztunnel' : 'install-cni'), env }] },
  }
  put(cluster, {
    kind: 'DaemonSet',
    metadata: { name, namespace: system, generation: 1, labels: { app: name } },
    spec: { template },
    status,
  })
}

function image({ istiod }, name) {
  return `${istiod.hub}/${name}:${istiod.tag}`
}

function systemPod(model, cluster, name, labels, node, podIP, own) {
  const uid = podUid(model)
  const containers = [
    {
      containerID: containerId({ metadata: { uid } }),
      image: own,
      imageID: `sha256:${'0'.repeat(64)}`,
      ready: true,
      restartCount: 0,
      state: { running: {} },
    },
  ]
  const status = {
    phase: 'Running',
    podIP,
    startTime: now(),
    containerStatuses: containers,
    conditions: [{ type: 'Ready', status: 'True' }],
  }
  return put(cluster, {
    kind: 'Pod',
    metadata: { name, namespace: system, labels, uid },
    spec: { nodeName: node.name, serviceAccountName: labels.app ?? name },
    status,
  })
}

/** New pods of a Deployment or DaemonSet, with what they read at their start. */
export function restart(model, clusterName, name) {
  const cluster = model.clusters[clusterName]
  const suffix = (model.nextUid++).toString(36).padStart(5, 'x')
  if (name === gatewayName) return runGateway(model, cluster)
  for (const pod of objectsOf(cluster, 'Pod', system)) {
    if (pod.metadata.labels?.app === name) delete cluster.objects[key('Pod', system, pod.metadata.name)]
  }
  if (name === 'istiod') {
    const [node] = cluster.nodes
    cluster.istiod.root = rootOf(cluster, clusterName)
    delete cluster.istiod.stale
    systemPod(
      model,
      cluster,
      `istiod-5d8478b48b-${suffix}`,
      { app: 'istiod' },
      node,
      podAddress(node.podCIDR, cluster.nextPod++),
      image(cluster, 'pilot'),
    )
  }
  if (name === 'ztunnel') {
    cluster.ztunnels = {}
    const [container] = object(cluster, 'DaemonSet', system, 'ztunnel').spec.template.spec.containers
    const network = container.env[0].value
    cluster.nodes.forEach((node, i) => {
      const pod = systemPod(
        model,
        cluster,
        `ztunnel-${suffix}${i}`,
        { app: 'ztunnel' },
        node,
        podAddress(node.podCIDR, cluster.nextPod++),
        container.image,
      )
      cluster.ztunnels[pod.metadata.name] = {
        node: node.name,
        network,
        root: cluster.istiod.root,
        image: container.image,
        startedMs: Date.now(),
      }
    })
  }
  return undefined
}

/** Of the plugged-in CA; istiod makes a root of its own where there is none. */
function rootOf(cluster, clusterName) {
  const plugged = object(cluster, 'Secret', system, 'cacerts')?.data['root-cert.pem']
  const own = `-----BEGIN CERTIFICATE-----\n${Buffer.from(`root of ${clusterName}`).toString('base64')}\n-----END CERTIFICATE-----\n`
  return plugged ?? Buffer.from(own).toString('base64')
}

/** What istiod's controllers make of what was applied: classes, and a gateway's own objects. */
export function reconcile(model, clusterName) {
  const cluster = model.clusters[clusterName]
  if (!cluster.istiod) return
  try {
    resource(cluster, 'gateway')
  } catch {
    return
  }
  const classes = [
    'istio',
    'istio-remote',
    'istio-waypoint',
    ...(cluster.istiod.isMulti ? ['istio-east-west'] : []),
  ]
  for (const name of classes) put(cluster, { kind: 'GatewayClass', metadata: { name } })
  const gateway = object(cluster, 'Gateway', system, gatewayName)
  if (!gateway || !classes.includes(gateway.spec.gatewayClassName)) return
  const own = object(cluster, 'Deployment', system, gatewayName)
  const isAsWanted = own?.spec.template.spec.containers[0].image === gatewayImage(cluster)
  if (!isAsWanted) runGateway(model, cluster)
  publish(cluster, gateway)
}

/** By istiod's template: the Gateway's annotation counts, and what anybody sets on the Deployment does not. */
function gatewayImage(cluster) {
  const annotations = object(cluster, 'Gateway', system, gatewayName)?.metadata.annotations
  const annotated = annotations?.['sidecar.istio.io/proxyImage']
  return annotated?.includes('/') ? annotated : image(cluster, 'proxyv2')
}

function runGateway(model, cluster) {
  account(cluster, gatewayName)
  deployment(cluster, gatewayName, gatewayImage(cluster))
  const [node] = cluster.nodes
  const labels = { 'gateway.networking.k8s.io/gateway-name': gatewayName }
  for (const pod of objectsOf(cluster, 'Pod', system)) {
    if (pod.metadata.labels?.['gateway.networking.k8s.io/gateway-name'])
      delete cluster.objects[key('Pod', system, pod.metadata.name)]
  }
  const suffix = (model.nextUid++).toString(36).padStart(5, 'x')
  systemPod(
    model,
    cluster,
    `${gatewayName}-6f9c-${suffix}`,
    labels,
    node,
    podAddress(node.podCIDR, cluster.nextPod++),
    gatewayImage(cluster),
  )
  if (object(cluster, 'Service', system, gatewayName)) return
  const ports = [
    { name: 'status-port', port: 15021, nodePort: 31021 },
    { name: 'mesh', port: 15008, nodePort: 31403 },
  ]
  const clusterIP = `127.${cluster.podSubnet.split('.')[1]}.255.${cluster.nextService++}`
  put(cluster, {
    kind: 'Service',
    metadata: { name: gatewayName, namespace: system, labels },
    spec: { type: 'LoadBalancer', clusterIP, ports },
    status: { loadBalancer: {} },
  })
}

/** istiod follows what load balancers say. */
export function republish(cluster) {
  const gateway = object(cluster, 'Gateway', system, gatewayName)
  if (gateway && object(cluster, 'Service', system, gatewayName)) publish(cluster, gateway)
}

/** While the load balancer is pending the Gateway publishes its ClusterIP. */
export function publish(cluster, gateway) {
  const service = object(cluster, 'Service', system, gatewayName)
  const ingress = service?.status?.loadBalancer?.ingress ?? []
  const isPending = ingress.length === 0
  const addresses = isPending ? [service?.spec.clusterIP] : ingress.map(({ ip }) => ip)
  const programmed = {
    type: 'Programmed',
    status: isPending ? 'False' : 'True',
    reason: isPending ? 'AddressNotAssigned' : 'Programmed',
  }
  gateway.status = {
    addresses: addresses.map((value) => ({ type: 'IPAddress', value })),
    conditions: [{ type: 'Accepted', status: 'True', reason: 'Accepted' }, programmed],
  }
}

export function networkOf(cluster) {
  return object(cluster, 'Namespace', undefined, system)?.metadata.labels?.[networkLabel] ?? ''
}

export function ztunnelOn({ clusters }, clusterName, nodeName) {
  const found = Object.entries(clusters[clusterName].ztunnels ?? {}).find(([, { node }]) => node === nodeName)
  return found?.[0]
}

/** State of each remote secret's cluster, by the name that the secret gives it. */
export function remoteClusters(model, clusterName) {
  const secrets = objectsOf(model.clusters[clusterName], 'Secret', system).filter(
    ({ metadata }) => metadata.labels?.['istio/multiCluster'] === 'true',
  )
  return secrets.flatMap(({ metadata, data }) =>
    Object.entries(data).map(([name, encoded]) => {
      const kubeconfig = Buffer.from(encoded, 'base64').toString()
      const address = /server: https:\/\/([^:\s]+):6443/.exec(kubeconfig)?.[1]
      const found = Object.entries(model.clusters).find(
        ([, own]) => own.nodes?.[0].address === address && kubeconfig.includes(own.authority),
      )
      const isUp = found?.[1].nodes.every((node) => model.containers[node.name].running) ?? false
      return {
        name,
        secret: `${system}/${metadata.name}`,
        state: isUp ? 'synced' : 'timeout',
        cluster: isUp ? found[0] : undefined,
      }
    }),
  )
}

/**
 * A remote secret with other content: istiod says that the cluster is synced, and goes on with what it knew of the
 * former one, which is nothing of what is there now, until it is started anew.
 */
export function replacedRemote(model, clusterName, secretName) {
  const { istiod } = model.clusters[clusterName]
  const remote = remoteClusters(model, clusterName).find(({ secret }) => secret === `${system}/${secretName}`)
  if (istiod && remote?.cluster) istiod.stale = [...(istiod.stale ?? []), remote.cluster]
}

/** Clusters whose pods and services an istiod serves. */
export function visible(model, clusterName) {
  const { istiod } = model.clusters[clusterName]
  const remote = istiod?.isMulti
    ? remoteClusters(model, clusterName)
        .flatMap(({ cluster }) => cluster ?? [])
        .filter((name) => !istiod.stale?.includes(name))
    : []
  return [clusterName, ...remote]
}

const isGlobal = (service) => service?.metadata.labels?.['istio.io/global'] === 'true'

function hostnameOf({ metadata }) {
  return `${metadata.name}.${metadata.namespace}.svc.cluster.local`
}

/** Services as one istiod merges them; `copies` by cluster. */
export function services(model, clusterName) {
  const found = new Map()
  for (const name of visible(model, clusterName)) {
    for (const service of objectsOf(model.clusters[name], 'Service')) {
      const hostname = hostnameOf(service)
      const merged = found.get(hostname) ?? { hostname, ...service.metadata, copies: new Map() }
      if (name === clusterName || isGlobal(service)) merged.copies.set(name, service)
      found.set(hostname, merged)
    }
  }
  return [...found.values()].filter(({ copies }) => copies.size > 0)
}

/** The service that has this address or host name. */
export function serviceOf(model, clusterName, host) {
  return services(model, clusterName).find(
    ({ hostname, copies }) =>
      hostname === host || [...copies.values()].some(({ spec }) => spec.clusterIP === host),
  )
}

/** What is behind a service, for ztunnels of that cluster: pods, or one entry per other network with its gateway. */
export function endpoints(model, clusterName, { copies }) {
  const network = networkOf(model.clusters[clusterName])
  const isShared = isGlobal(copies.get(clusterName))
  const gateways = gatewaysByNetwork(model, clusterName)
  const remote = new Set()
  return [...copies].flatMap(([name, service]) => {
    const cluster = model.clusters[name]
    if (name !== clusterName && !isShared) return []
    const pods = objectsOf(cluster, 'Pod', service.metadata.namespace).filter(
      ({ metadata, status }) =>
        status?.podIP &&
        service.spec.selector &&
        Object.entries(service.spec.selector).every(([label, value]) => metadata.labels?.[label] === value),
    )
    const own = networkOf(cluster)
    if (own === network && !(name !== clusterName && isMisled(model, clusterName)))
      return pods.map((pod) => ({ cluster: name, pod, ip: pod.status.podIP }))
    const gateway = gateways.get(own)
    if (!gateway || pods.length === 0 || remote.has(own)) return []
    remote.add(own)
    return [{ cluster: name, gateway }]
  })
}

/** Whether ztunnels of that cluster are of a version that takes its own network in another cluster for another one. */
function isMisled(model, clusterName) {
  const [first] = Object.values(model.clusters[clusterName].ztunnels ?? {})
  return model.misled !== undefined && (first?.image ?? '').includes(`:${model.misled}`)
}

function gatewaysByNetwork(model, clusterName) {
  const found = new Map()
  for (const name of visible(model, clusterName)) {
    const cluster = model.clusters[name]
    const gateway = object(cluster, 'Gateway', system, gatewayName)
    if (!gateway || !object(cluster, 'Service', system, gatewayName)) continue
    publish(cluster, gateway)
    const network = gateway.metadata.labels?.[networkLabel]
    const address = gateway.status.addresses[0]?.value
    if (network !== undefined && address && !found.has(network))
      found.set(network, { network, address, cluster: name })
  }
  return found
}
