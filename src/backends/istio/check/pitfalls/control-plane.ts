import { kubernetesMinor } from '../../../versions.ts'
import type { ClusterMeshFacts, ControlPlaneFacts } from '../mesh-facts.ts'
import type { Pitfall } from './pitfall.ts'

/** What istiod, ztunnel and the cluster itself must agree on. */
export const controlPlanePitfalls: readonly Pitfall[] = [
  {
    id: 4,
    name: 'network label and NETWORK differ',
    severity: 'error',
    check: ({ clusters }) =>
      clusters.flatMap((cluster) => {
        const { name, network, networkLabel, ztunnels, controlPlane } = cluster
        if (networkLabel === undefined) return []
        const label =
          networkLabel === network
            ? []
            : [`cluster "${name}" is in network "${networkLabel}", the scenario says "${network}"`]
        const own = (ztunnels ?? [])
          .filter((z) => z.network !== networkLabel)
          .map(
            (z) =>
              `ztunnel on node ${z.node} of ${name} believes network "${z.network}", istiod says "${networkLabel}"`,
          )
        const set = controlPlane?.ztunnel?.network ?? networkLabel
        const all =
          set === networkLabel
            ? []
            : [`ztunnel of cluster "${name}" believes network "${set}", istiod says "${networkLabel}"`]
        return [...label, ...all, ...own]
      }),
    why: 'ztunnel looks services up by its own network, so service addresses do not match: traffic passes as plain TCP or is refused at once',
    remedy:
      'kubectl label namespace istio-system topology.istio.io/network=…, then install again so that ztunnel gets the same NETWORK',
  },
  {
    id: 5,
    name: 'multi-cluster is off',
    severity: 'error',
    check: ({ clusters }) =>
      clusters.length < 2
        ? []
        : clusters
            .filter(({ gatewayClasses }) => gatewayClasses?.includes('istio-east-west') === false)
            .map(({ name }) => `${name} has no GatewayClass istio-east-west: multi-cluster is off`),
    why: 'AMBIENT_ENABLE_MULTI_NETWORK is off in istiod; in spite of its name it is needed within one network, too: remote pods do not exist without it',
    remedy: 'set AMBIENT_ENABLE_MULTI_NETWORK=true on istiod of every cluster',
  },
  {
    id: 6,
    name: 'remote cluster not synced',
    severity: 'error',
    mayPass: 'anywhere',
    check: ({ clusters }) =>
      clusters.flatMap(({ name, remotes, remoteServers }) => {
        const others = clusters.filter((other) => other.name !== name).map((other) => other.name)
        const states = others
          .filter((other) => remotes?.has(other) === true && remotes.get(other) !== 'synced')
          .map((other) => `istiod of ${name} has ${other} as ${remotes?.get(other)}`)
        const loopback = [...(remoteServers ?? [])]
          .filter(([, server]) => /^https?:\/\/(127\.|localhost|\[::1\])/.test(server))
          .map(([other, server]) => `${name} is to read ${other} at ${server}, which is itself`)
        return [...states, ...loopback]
      }),
    why: "istiod reads the other cluster's API with a remote secret, whose name must be the cluster's and whose server must be reachable from a pod",
    remedy:
      'istioctl create-remote-secret --name CLUSTER --server https://NODE-ADDRESS:6443, applied to the other cluster',
  },
  {
    id: 8,
    name: 'different roots of trust',
    severity: 'error',
    check: ({ clusters }) => [
      ...disagreement(clusters, 'root certificate', ({ roots }) => roots),
      ...disagreement(clusters, 'trust domain', ({ trustDomains }) => trustDomains),
    ],
    why: 'a ztunnel refuses a peer whose certificate leads to another root; its metrics call that TLS_FAILURE',
    remedy:
      'give every cluster a cacerts secret of one root before istiod starts, and restart istiod and ztunnel after a change',
  },
  {
    id: 19,
    name: 'istiod served local data only',
    severity: 'error',
    mayPass: 'anywhere',
    check: ({ clusters, paths }) =>
      paths
        .filter(({ client, server }) => client.cluster !== server.cluster)
        .filter(({ client, hostname }) => {
          const cluster = clusters.find(({ name }) => name === client.cluster)
          const ztunnel = cluster?.ztunnels?.find(({ node }) => node === client.node)
          return ztunnel !== undefined && (ztunnel.endpoints.get(hostname) ?? []).length === 0
        })
        .map(({ client, hostname }) => `ztunnel of ${client.cluster} knows no endpoint of ${hostname}`),
    why: 'before 1.31 an istiod that has just started may serve what it knows of its own cluster before the others are read',
    remedy: 'wait until the remote endpoint is there; being Ready does not mean it',
  },
  {
    id: 20,
    name: 'Kubernetes needs cgroup v2',
    severity: 'error',
    check: ({ clusters, cgroupVersion }) =>
      cgroupVersion === undefined || cgroupVersion >= 2
        ? []
        : clusters
            .filter(({ kubernetes }) => (kubernetesMinor(kubernetes ?? '') ?? 0) >= 35)
            .map(
              ({ name, kubernetes }) =>
                `${name} is to run Kubernetes ${kubernetes} on cgroup v${cgroupVersion}`,
            ),
    why: 'from Kubernetes 1.35 on the kubelet does not start with cgroup v1',
    remedy: 'use a node image of 1.34 (--node-image), or start the machine with cgroup v2',
  },
  {
    id: 24,
    name: 'no control plane of its own',
    severity: 'error',
    check: ({ clusters }) =>
      clusters.flatMap(({ name, controlPlane }) => (controlPlane ? missingParts(name, controlPlane) : [])),
    why: 'every cluster of an ambient mesh has an istiod of its own, and a ztunnel on every node',
    remedy: 'install the ambient profile into every cluster, and see that it runs',
  },
  {
    id: 25,
    name: 'one cluster twice',
    severity: 'error',
    check: ({ clusters }) =>
      clusters.flatMap((a, i) =>
        clusters.slice(i + 1).flatMap((b) => {
          const id = a.controlPlane?.clusterId
          if (a.uid !== undefined && a.uid === b.uid)
            return [`the contexts of ${a.name} and ${b.name} lead to the same cluster`]
          return id !== undefined && id === b.controlPlane?.clusterId
            ? [`${a.name} and ${b.name} have the same name for Istio: "${id}"`]
            : []
        }),
      ),
    why: 'istiod tells clusters apart by their names, so one of two takes the place of the other',
    remedy: 'values.global.multiCluster.clusterName must be different in every cluster',
  },
  {
    id: 26,
    name: 'remote secret missing',
    severity: 'error',
    mayPass: 'where ours',
    check: ({ clusters }) =>
      clusters.flatMap(({ name, remotes }) =>
        clusters
          .filter((other) => other.name !== name && remotes?.has(other.name) === false)
          .map(({ name: other, controlPlane }) => {
            const id = controlPlane?.clusterId ?? other
            return `istiod of ${name} does not know ${other}, which is "${id}" to Istio`
          }),
      ),
    why: 'istiod reads other clusters by remote secrets only, and one under another name is one of another cluster',
    remedy:
      'istioctl create-remote-secret --context THEIRS --name NAME-FOR-ISTIO | kubectl --context ITS-OWN apply --filename -',
  },
]

function disagreement(
  clusters: readonly ClusterMeshFacts[],
  what: string,
  of: (ztunnel: NonNullable<ClusterMeshFacts['ztunnels']>[number]) => readonly string[],
): readonly string[] {
  const values = clusters.flatMap(({ name, ztunnels }) =>
    (ztunnels ?? []).flatMap(of).map((value) => ({ name, value })),
  )
  const different = values.find(({ value }) => value !== values[0]?.value)
  return different ? [`${different.name} has another ${what} than ${values[0]?.name}`] : []
}

function missingParts(name: string, plane: ControlPlaneFacts): readonly string[] {
  if (!plane.isInstalled) return [`cluster "${name}" has no Istio: there is no namespace istio-system`]
  if (!plane.isAvailable) {
    const which = plane.istiods === 0 ? 'no istiod of its own' : 'an istiod that is not available'
    return [`cluster "${name}" has ${which}`]
  }
  if (!plane.ztunnel) return [`cluster "${name}" has no ztunnel`]
  const { available, wanted } = plane.ztunnel
  return available < wanted
    ? [`ztunnel of cluster "${name}" is available on ${available} of ${wanted} nodes`]
    : []
}
