import type { FakeCluster } from './fake-cluster.ts'

/** Two versions that a run switches between. */
export const [older, newer] = ['1.30.3', '1.31.0']
const hub = 'registry.istio.io/release'
export const imageOf = (name: string, version: string) => `${hub}/${name}:${version}-distroless`

interface Own {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly annotations?: Record<string, string>
    readonly labels?: Record<string, string>
  }
  readonly spec: {
    readonly template?: { readonly spec: { readonly containers: { readonly image: string }[] } }
  }
  readonly status?: { readonly containerStatuses?: { readonly image: string }[] }
}

/** What of the data plane stands in all clusters: images of objects and of pods, and what switching wrote on them. */
export function standingDataPlane(fake: FakeCluster) {
  const objects = fake.model(({ clusters }) =>
    Object.values(clusters).flatMap((cluster) => Object.values(cluster.objects) as Own[]),
  )
  const isPlane = ({ metadata: { name } }: Own) => name === 'ztunnel' || name === 'istio-eastwestgateway'
  const tags = (images: readonly string[]) =>
    [...new Set(images.map((image) => image.split(':')[1]!))].toSorted()
  return {
    wanted: tags(
      objects
        .filter(isPlane)
        .flatMap(({ spec }) => spec?.template?.spec.containers.map((one) => one.image) ?? []),
    ),
    pods: tags(
      objects
        .filter(
          ({ kind, metadata: { labels = {}, name } }) =>
            kind === 'Pod' && (labels['app'] === 'ztunnel' || name.startsWith('istio-eastwestgateway')),
        )
        .flatMap(({ status }) => status?.containerStatuses?.map((one) => one.image) ?? []),
    ),
    istiod: tags(
      objects
        .filter(({ kind, metadata }) => kind === 'Pod' && metadata.labels?.['app'] === 'istiod')
        .flatMap(({ status }) => status?.containerStatuses?.map((one) => one.image) ?? []),
    ),
    marks: objects.flatMap(({ metadata: { annotations = {} } }) =>
      Object.keys(annotations).filter((key) => /installed-image|proxyImage/.test(key)),
    ),
  }
}

/** The same once what was installed was put back. */
export const asInstalled = {
  ...{ wanted: [`${newer}-distroless`], pods: [`${newer}-distroless`], istiod: [`${newer}-distroless`] },
  marks: [],
}

/** A network of which one cluster has a gateway, so that a path inside of it can be sent through it. */
export const sameNetworkWithGateway = `
apiVersion: hopmeter/v1
kind: Scenario
metadata:
  name: two-ways
  title: A network of two clusters, one of which has a gateway for others
spec:
  clusters:
    - { name: cluster-1, network: east, podCidr: 10.10.0.0/16, serviceCidr: 10.110.0.0/16 }
    - name: cluster-2
      network: east
      podCidr: 10.20.0.0/16
      serviceCidr: 10.120.0.0/16
      gateway: { loadBalancer: none }
    - { name: cluster-3, network: west, podCidr: 10.30.0.0/16, serviceCidr: 10.130.0.0/16 }
  routes:
    between:
      - [cluster-1, cluster-2]
  paths:
    - { name: same-network, client: { cluster: cluster-1 }, server: { cluster: cluster-2 }, expect: 4 }
    - { name: gateway, client: { cluster: cluster-3 }, server: { cluster: cluster-2 }, expect: 5 }
`
