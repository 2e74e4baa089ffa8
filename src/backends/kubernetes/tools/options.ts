import type { Execute } from './execute.ts'

/** One of several versions of what forwards bytes, each of which stands in turn on the same control plane. */
export interface DataPlane {
  readonly name: string
  /** e.g. `1.30.3`. */
  readonly istio: string
  /** A contributor's own images. */
  readonly hub?: string | undefined
  readonly tag?: string | undefined
}

/** How a Kubernetes testbed is made; every field has a default. */
export interface KubernetesOptions {
  /** Istio version, e.g. `1.31.0`; of several that of the control plane. */
  readonly istio?: string | undefined
  /** Versions that are measured in one run, the one compared with first; absent: what was installed. */
  readonly dataPlanes?: readonly DataPlane[] | undefined
  /** A contributor's own images. */
  readonly istioHub?: string | undefined
  readonly istioTag?: string | undefined
  /** Further `--set` of `istioctl install`, `PATH=VALUE` each. */
  readonly istioSet?: readonly string[] | undefined
  /** File, folder or URL of the Gateway API CRDs, instead of the pinned release. */
  readonly gatewayApi?: string | undefined
  readonly nodeImage?: string | undefined
  readonly agentImage?: string | undefined
  /** Pods of every client workload, which send load at the same time; 1 unless given. */
  readonly clients?: number | undefined
  readonly loadBalancerImage?: string | undefined
  /** `trimmed` (default): requests for laptops; `default`: those of the charts. */
  readonly resources?: 'trimmed' | 'default' | undefined
  /** Whether control planes stand still while rounds run; by the number of CPUs unless given. */
  readonly quietControlPlane?: 'on' | 'off' | undefined
  /** Leave the clusters running when the testbed is taken down. */
  readonly keep?: boolean | undefined
  /** `XDG_STATE_HOME` and `XDG_CACHE_HOME` unless given. */
  readonly stateRoot?: string | undefined
  readonly cacheRoot?: string | undefined
  /** How programs run; tests watch and break them here. */
  readonly execute?: Execute | undefined
  /** Multiplies every deadline; tests of hanging programs make it small. */
  readonly deadlineScale?: number | undefined
}
