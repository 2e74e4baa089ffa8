// Which way a connection of a pod takes: what ztunnels, gateways, load balancers, kube-proxy and routes make of it.
import { endpoints, networkOf, serviceOf, ztunnelOn } from './istio.mjs'
import { object, objectsOf } from './objects.mjs'
import { standsFor } from './pods.mjs'

const hbone = 15008

/** Whether packets of a pod on that node arrive at the pod with that address, and answers come back. */
export function reachable(model, from, nodeName, address) {
  const target = standsFor(address).split('.')
  const owner = Object.entries(model.clusters).find(([, c]) => c.podSubnet?.split('.')[1] === target[1])
  if (!owner) return false
  if (owner[0] === from) return true
  const targetNode = owner[1].nodes.find((node) => node.podCIDR.split('.')[2] === target[2])
  const own = model.clusters[from].nodes.find(({ name }) => name === nodeName)
  const leads = (node, cidr, via) =>
    model.containers[node].node.routes.some(
      (route) => route.dst === cidr && (route.gateway === via || route.dev === 'hopmeter-vxlan'),
    )
  return (
    targetNode !== undefined &&
    leads(own.name, targetNode.podCIDR, targetNode.address) &&
    (leads(targetNode.name, own.podCIDR, own.address) || isMasqueraded(model, own.name, address))
  )
}

/** Whether kindnet's rules on the node give packets to that pod the node's address. */
function isMasqueraded(model, nodeName, address) {
  const subnet = `${standsFor(address).split('.').slice(0, 2).join('.')}.0.0/16`
  const rule = model.containers[nodeName].node.nat.find(
    (line) => line.includes(`-d ${subnet} `) || !line.includes(' -d '),
  )
  return rule?.includes('MASQUERADE') ?? false
}

/** The address by which the other side sees a pod. */
function seenAs(model, clusterName, nodeName, own, address) {
  const node = model.clusters[clusterName].nodes.find(({ name }) => name === nodeName)
  const isLocal = standsFor(address).split('.')[1] === model.clusters[clusterName].podSubnet.split('.')[1]
  return !isLocal && isMasqueraded(model, nodeName, address) ? node.address : own
}

function ends(model, clusterName, pod) {
  return {
    cluster: clusterName,
    clusterId: model.clusters[clusterName].istiod?.clusterName ?? clusterName,
    name: pod.metadata.name,
    namespace: pod.metadata.namespace,
    account: pod.spec.serviceAccountName,
    node: pod.spec.nodeName,
    ip: pod.status.podIP,
    ztunnel: ztunnelOn(model, clusterName, pod.spec.nodeName),
  }
}

const captured = (pod) => pod.metadata.annotations?.['ambient.istio.io/redirection'] === 'enabled'

/** The way from a pod to `host:port`; `error` where it ends, in ztunnel's words. */
export function routeFrom(model, clusterName, pod, host, port) {
  const client = ends(model, clusterName, pod)
  const base = { client, captured: captured(pod), original: `${host}:${port}` }
  const service = serviceOf(model, clusterName, host)
  if (!base.captured) return plainRoute(model, base, service, host, port)
  const known = service ? endpoints(model, clusterName, service) : []
  if (service && known.length === 0) {
    return {
      ...base,
      service: service.hostname,
      protocol: 'TCP',
      dialled: `${host}:${port}`,
      ...failed('no healthy upstream'),
    }
  }
  if (!service) return plainRoute(model, base, undefined, host, port)
  const chosen = known[Math.floor(Math.random() * known.length)]
  const named = { ...base, service: service.hostname }
  return chosen.gateway
    ? gatewayRoute(model, named, chosen, service, port)
    : directRoute(model, named, chosen, port)
}

function failed(error, failsWith = 'ECONNRESET') {
  return { error, failsWith }
}

/** Without ztunnel: kube-proxy knows pods of its own cluster only. */
function plainRoute(model, base, service, host, port) {
  const { client } = base
  const local =
    service && endpoints(model, client.cluster, service).filter((e) => e.cluster === client.cluster)
  const ip = service ? local[0]?.ip : host
  const found = ip && podByAddress(model, ip)
  const route = { ...base, protocol: 'TCP', dialled: `${ip ?? host}:${port}` }
  if (!found) return { ...route, ...failed('connection refused', 'ECONNREFUSED') }
  const server = ends(model, found.cluster, found.pod)
  const seen = seenAs(model, client.cluster, client.node, client.ip, ip)
  return reachable(model, client.cluster, client.node, ip)
    ? { ...route, server, arrivesFrom: seen }
    : { ...route, ...failed('No route to host (os error 113)', 'EHOSTUNREACH') }
}

function podByAddress(model, ip) {
  for (const [cluster, own] of Object.entries(model.clusters)) {
    const pod = objectsOf(own, 'Pod').find(({ status }) => status?.podIP === ip)
    if (pod) return { cluster, pod }
  }
  return undefined
}

function directRoute(model, base, { cluster, pod }, port) {
  const { client } = base
  const server = ends(model, cluster, pod)
  const route = {
    ...base,
    protocol: 'HBONE',
    dialled: `${server.ip}:${hbone}`,
    authority: `${server.ip}:${port}`,
    server,
    arrivesFrom: seenAs(model, client.cluster, client.node, client.ip, server.ip),
  }
  const way = [client, server].every(({ ztunnel }) => ztunnel !== undefined)
  if (way && reachable(model, client.cluster, client.node, server.ip)) return route
  return { ...route, ...failed('connection failed: No route to host (os error 113)') }
}

function gatewayRoute(model, base, { gateway }, service, port) {
  const { client } = base
  const route = {
    ...base,
    protocol: 'DOUBLEHBONE',
    dialled: `${gateway.address}:${hbone}`,
    authority: `${service.hostname}:${port}`,
  }
  const timedOut = failed(
    'connection timed out, maybe a NetworkPolicy is blocking HBONE port 15008: deadline has elapsed',
  )
  const entered = enteredAt(model, gateway.address)
  if (!entered) return { ...route, ...timedOut }
  const { cluster, balancer } = entered
  const own = model.clusters[cluster]
  const pod = objectsOf(own, 'Pod', 'istio-system').find(
    ({ metadata }) => metadata.labels?.['gateway.networking.k8s.io/gateway-name'] === 'istio-eastwestgateway',
  )
  const network = networkOf(own)
  const behind = endpoints(model, cluster, service).filter(
    (e) => !e.gateway && networkOf(model.clusters[e.cluster]) === network,
  )
  const chosen = behind[Math.floor(Math.random() * behind.length)]
  if (!pod || !chosen) return { ...route, ...timedOut }
  const server = ends(model, chosen.cluster, chosen.pod)
  const through = { cluster, pod: pod.metadata.name, ip: pod.status.podIP, node: pod.spec.nodeName }
  const clientNode = model.clusters[client.cluster].nodes.find(({ name }) => name === client.node)
  return {
    ...route,
    gateway: through,
    ...(balancer ? { balancer: { name: balancer, source: clientNode.address } } : {}),
    server,
    arrivesFrom: seenAs(model, cluster, through.node, through.ip, server.ip),
    ...(reachable(model, cluster, through.node, server.ip) ? {} : timedOut),
  }
}

/** The cluster whose gateway answers at that address, and the load balancer in front of it. */
function enteredAt(model, address) {
  for (const [balancer, { running, address: own, target }] of Object.entries(model.containers)) {
    if (own !== address || !target || !running) continue
    const behind = gatewayAt(model, target)
    return behind && { cluster: behind, balancer }
  }
  // kube-proxy of the node takes the published address for the gateway's.
  for (const [cluster, own] of Object.entries(model.clusters)) {
    const published = gatewayService(own)?.status?.loadBalancer?.ingress?.some(
      ({ ip, ipMode }) => ip === address && ipMode !== 'Proxy',
    )
    if (published && own.nodes.some((node) => node.address === address)) return { cluster }
  }
  return undefined
}

function gatewayAt(model, target) {
  const [ip, port] = target.split(':')
  return Object.keys(model.clusters).find((name) => {
    const own = model.clusters[name]
    const ports = gatewayService(own)?.spec.ports ?? []
    return (
      own.nodes?.some(({ address }) => address === ip) &&
      ports.some(({ nodePort }) => nodePort === Number(port))
    )
  })
}

function gatewayService(cluster) {
  return object(cluster, 'Service', 'istio-system', 'istio-eastwestgateway')
}
