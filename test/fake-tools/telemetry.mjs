// What the components of a fake mesh tell of the connections that they carried, in the words of the real ones
// (Istio 1.31, ztunnel's log in text form, Envoy's and HAProxy's own).
import { endpoints, networkOf, services, visible } from './istio.mjs'
import { objectsOf } from './objects.mjs'
import { connections } from './traffic.mjs'

function spiffe({ namespace, account }) {
  return `spiffe://cluster.local/ns/${namespace}/sa/${account}`
}

const tunnelled = ({ protocol }) => protocol !== 'TCP'

/** Connections that a ztunnel carried as the client's and as the server's, since it started. */
function seenBy(model, clusterName, pod) {
  const { startedMs } = model.clusters[clusterName].ztunnels[pod]
  const all = connections(model.folder).filter(({ ms, captured }) => captured && ms >= startedMs)
  return {
    outbound: all.filter(({ client }) => client.cluster === clusterName && client.ztunnel === pod),
    inbound: all.filter(
      (c) => !c.error && tunnelled(c) && c.server.cluster === clusterName && c.server.ztunnel === pod,
    ),
  }
}

/** The gateway's own connection to a server has a port of its own. */
function arrivalPort({ gateway, port }) {
  return gateway ? 10_000 + (port % 20_000) : port
}

/** ztunnel's `config_dump`, as `istioctl ztunnel-config all -o json` passes it on. */
export function configDump(model, clusterName, pod) {
  const cluster = model.clusters[clusterName]
  const { istiod } = cluster
  const ztunnel = cluster.ztunnels[pod]
  const workloads = new Map()
  for (const name of visible(model, clusterName)) {
    const own = model.clusters[name]
    if (networkOf(own) !== networkOf(cluster)) continue
    for (const workload of podWorkloads(own, name)) workloads.set(workload.uid, workload)
  }
  const merged = services(model, clusterName).map((service) =>
    serviceEntry(model, clusterName, service, workloads),
  )
  const { outbound, inbound } = seenBy(model, clusterName, pod)
  const local = objectsOf(cluster, 'Pod').filter(
    ({ metadata, spec }) =>
      spec?.nodeName === ztunnel.node && metadata.annotations?.['ambient.istio.io/redirection'] === 'enabled',
  )
  const state = local.map(({ metadata: { name, namespace, uid }, spec }) => {
    const of = (end) => end.name === name && end.namespace === namespace
    const open = (list) => list.filter(({ closedMs }) => closedMs === undefined)
    const carried = {
      inbound: open(inbound.filter(({ server }) => of(server))).map((c) => ({
        actualDst: `${c.server.ip}:${c.original.split(':')[1]}`,
        originalDst: c.service ?? null,
        protocol: 'HBONE',
        src: `${c.arrivesFrom}:${arrivalPort(c)}`,
      })),
      outbound: open(outbound.filter(({ client, error }) => of(client) && !error)).map((c) => ({
        actualDst: c.dialled,
        originalDst: c.original,
        protocol: c.protocol,
        src: `${c.client.ip}:${c.port}`,
      })),
    }
    const info = { name, namespace, serviceAccount: spec.serviceAccountName }
    return [uid, { connections: carried, info, state: 'Up' }]
  })
  // A pod that went while ztunnel came: its proxy could not start, and is never forgotten (seen with 1.30 and 1.31).
  const gone = (ztunnel.gonePods ?? []).map((info, i) => [`gone-${i}`, { info, state: 'Pending' }])
  const certificates = local.map(({ metadata, spec }) => ({
    identity: spiffe({ namespace: metadata.namespace, account: spec.serviceAccountName }),
    state: 'Available',
    certChain: [],
    rootCerts: [
      {
        pem: ztunnel.root,
        serialNumber: '1',
        validFrom: '2026-01-01T00:00:00Z',
        expirationTime: '2036-01-01T00:00:00Z',
      },
    ],
  }))
  const config = { network: ztunnel.network, clusterId: istiod.clusterName, numWorkerThreads: istiod.threads }
  return JSON.stringify({
    config,
    version: { version: model.istio },
    workloads: [...workloads.values()],
    services: merged,
    certificates,
    policies: [],
    workloadState: Object.fromEntries([...gone, ...state]),
  })
}

function podWorkloads(cluster, clusterName) {
  const clusterId = cluster.istiod?.clusterName ?? clusterName
  return objectsOf(cluster, 'Pod')
    .filter(({ status }) => status?.podIP)
    .map(({ metadata, spec, status }) => ({
      uid: `${clusterId}//Pod/${metadata.namespace}/${metadata.name}`,
      name: metadata.name,
      namespace: metadata.namespace,
      serviceAccount: spec.serviceAccountName,
      trustDomain: 'cluster.local',
      workloadIps: [status.podIP],
      network: networkOf(cluster),
      networkMode: 'Standard',
      protocol: metadata.annotations?.['ambient.istio.io/redirection'] === 'enabled' ? 'HBONE' : 'TCP',
      clusterId,
      node: spec.nodeName,
      status: 'Healthy',
      capacity: 1,
      workloadName: metadata.name,
      workloadType: 'pod',
    }))
}

function serviceEntry(model, clusterName, service, workloads) {
  const { hostname, name, namespace, copies } = service
  const found = endpoints(model, clusterName, service).map((endpoint) => {
    const own = model.clusters[endpoint.cluster]
    const clusterId = own.istiod?.clusterName ?? endpoint.cluster
    if (!endpoint.gateway) return `${clusterId}//Pod/${namespace}/${endpoint.pod.metadata.name}`
    const { network, address } = endpoint.gateway
    const uid = `${network}/SplitHorizonWorkload/istio-system/istio-eastwestgateway/${address}/${namespace}/${hostname}`
    workloads.set(uid, {
      uid,
      name: uid,
      namespace,
      serviceAccount: 'default',
      trustDomain: 'cluster.local',
      workloadIps: [],
      network,
      networkGateway: { destination: `${network}/${address}`, hboneMtlsPort: 15008 },
      networkMode: 'Standard',
      protocol: 'HBONE',
      clusterId,
      status: 'Healthy',
      capacity: 1,
    })
    return uid
  })
  const [first] = copies.values()
  const ports = Object.fromEntries(
    (first.spec.ports ?? []).map(({ port, targetPort }) => [port, targetPort ?? port]),
  )
  return {
    name,
    namespace,
    hostname,
    canonical: true,
    ports,
    vips: [...copies].map(([own, { spec }]) => `${networkOf(model.clusters[own])}/${spec.clusterIP}`),
    endpoints: Object.fromEntries(
      found.map((uid) => [uid, { workloadUid: uid, port: ports, status: 'Healthy' }]),
    ),
    ipFamilies: 'IPv4',
    visibility: 'Public',
  }
}

/** Lines of `kubectl logs --timestamps`: connections are told when they close, failures as errors. */
export function accessLog(model, clusterName, pod) {
  const { startedMs } = model.clusters[clusterName].ztunnels[pod]
  const { outbound, inbound } = seenBy(model, clusterName, pod)
  const closed = (list) => list.filter(({ closedMs }) => closedMs !== undefined)
  const lines = [
    ...closed(outbound).map((c) => [c.closedMs, accessLine(c, 'outbound')]),
    ...closed(inbound).map((c) => [c.closedMs, accessLine(c, 'inbound')]),
  ].toSorted(([a], [b]) => a - b)
  const started = [startedMs, ['info', 'state', 'Readiness change, marking ready']]
  return [started, ...lines].map(([ms, [level, scope, text]]) => {
    const time = new Date(ms).toISOString()
    return `${time.replace('Z', '781766Z')} ${time.replace('Z', '781Z')}\t${level}\t${scope}\t${text}`
  })
}

function accessLine(c, direction) {
  const { client, server, service, error } = c
  const isOutbound = direction === 'outbound'
  const source = isOutbound ? `${client.ip}:${c.port}` : `${c.arrivesFrom}:${arrivalPort(c)}`
  const [sent, received] = isOutbound ? [c.up, c.down] : [c.down, c.up]
  const pairs = [
    `src.addr=${source}`,
    `src.workload="${client.name}"`,
    `src.namespace="${client.namespace}"`,
    ...(tunnelled(c) ? [`src.identity="${spiffe(client)}"`] : []),
    `src.cluster="${client.clusterId}"`,
    `dst.addr=${isOutbound ? c.dialled : `${server.ip}:15008`}`,
    ...(c.authority ? [`dst.hbone_addr=${c.authority}`] : []),
    ...(service ? [`dst.service="${service}"`] : []),
    ...(server
      ? [
          `dst.workload="${server.name}"`,
          `dst.namespace="${server.namespace}"`,
          ...(tunnelled(c) ? [`dst.identity="${spiffe(server)}"`] : []),
          `dst.cluster="${server.clusterId}"`,
        ]
      : []),
    `direction="${direction}"`,
    `bytes_sent=${sent}`,
    `bytes_recv=${received}`,
    `duration="${Math.round(c.closedMs - c.ms)}ms"`,
    ...(error ? [`error="${error}"`] : []),
  ]
  return [error ? 'error' : 'info', 'access', `connection complete\t${pairs.join(' ')}`]
}

/** ztunnel's byte counters in OpenMetrics text. */
export function metrics(model, clusterName, pod) {
  const { outbound, inbound } = seenBy(model, clusterName, pod)
  const series = new Map()
  const add = (c, reporter) => {
    if (!c.server) return
    const unknown = tunnelled(c) ? undefined : 'unknown'
    const labels = [
      ['reporter', reporter],
      ['source_workload', c.client.name],
      ['source_workload_namespace', c.client.namespace],
      ['source_principal', unknown ?? spiffe(c.client)],
      ['source_cluster', c.client.clusterId],
      ['destination_service', c.service ?? 'unknown'],
      ['destination_workload', c.server.name],
      ['destination_principal', unknown ?? spiffe(c.server)],
      ['destination_cluster', c.server.clusterId],
      ['request_protocol', 'tcp'],
      ['response_flags', c.error ? 'CONNECT' : '-'],
      ['connection_security_policy', unknown ?? 'mutual_tls'],
    ]
    const text = labels.map(([name, value]) => `${name}="${value}"`).join(',')
    const sum = series.get(text) ?? { up: 0, down: 0, opened: 0 }
    series.set(text, { up: sum.up + c.up, down: sum.down + c.down, opened: sum.opened + 1 })
  }
  for (const c of outbound) add(c, 'source')
  for (const c of inbound) add(c, 'destination')
  const counter = (name, pick) => [
    `# TYPE ${name} counter`,
    ...[...series].map(([labels, sum]) => `${name}_total{${labels}} ${pick(sum)}`),
  ]
  return [
    ...counter('istio_tcp_connections_opened', ({ opened }) => opened),
    ...counter('istio_tcp_received_bytes', ({ up }) => up),
    ...counter('istio_tcp_sent_bytes', ({ down }) => down),
    '# EOF',
    '',
  ].join('\n')
}

/** Envoy's `/clusters?format=json` of a gateway; a value of zero is left out. */
export function envoyClusters(model, clusterName, pod) {
  const through = connections(model.folder).filter(
    ({ gateway, error }) => gateway?.cluster === clusterName && gateway.pod === pod && !error,
  )
  const hosts = grouped(through)
  const stat = (name, value, gauge) => ({
    ...(gauge ? { type: 'GAUGE' } : {}),
    ...(value > 0 ? { value: String(value) } : {}),
    name,
  })
  const statuses = [...hosts].map(([address, list]) => ({
    address: { socket_address: { address, port_value: 15008 } },
    stats: [
      stat('cx_connect_fail', 0),
      stat('cx_total', list.length),
      stat('cx_active', list.filter(({ closedMs }) => closedMs === undefined).length, true),
    ],
    health_status: { eds_health_status: 'HEALTHY' },
    weight: 1,
  }))
  const clusters = [
    { name: 'prometheus_stats', observability_name: 'prometheus_stats;' },
    {
      name: 'forward_inner_connect',
      added_via_api: true,
      ...(statuses.length > 0 ? { host_statuses: statuses } : {}),
    },
  ]
  return JSON.stringify({ cluster_statuses: clusters })
}

function grouped(list) {
  const found = new Map()
  for (const c of list) found.set(c.server.ip, [...(found.get(c.server.ip) ?? []), c])
  return found
}

/** HAProxy's `show sess`: a client's ztunnel keeps one tunnel open, whatever comes and goes inside of it. */
export function haproxySessions(folder, balancer) {
  const tunnels = new Map()
  for (const { balancer: own, client, port } of connections(folder)) {
    if (own?.name === balancer && !tunnels.has(client.ip)) tunnels.set(client.ip, `${own.source}:${port}`)
  }
  const line = (id, source, rest) =>
    `0x${id.toString(16).padStart(12, '5')}: proto=tcpv4 src=${source} ${rest} ts=00 epoch=0 age=1s calls=2 rate=1 cpu=0 lat=0 rq[f=808000h,i=0,an=00h,rx=59m58s,wx=,ax=] rp[f=80008000h,i=0,an=00h,rx=59m58s,wx=,ax=] scf=[8,0h,fd=13] scb=[8,1h,fd=14] exp=3s rc=0 c_exp=`
  return [
    ...[...tunnels.values()].map((source, i) => line(i + 1, source, 'fe=hbone be=gateway srv=node')),
    line(9999, '172.30.0.1:40670', 'fe=GLOBAL be=<NONE> srv=<none>'),
    '',
  ].join('\n')
}
