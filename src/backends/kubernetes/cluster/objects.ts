import type { ContainerPlace } from './container-place.ts'

/** Shapes of Kubernetes objects, as far as hopmeter reads them. */

export type Labels = Readonly<Record<string, string>>

/** What every object has. */
export interface KubeObject {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly generation?: number
    readonly labels?: Labels
    readonly annotations?: Labels
    /** On its way out, though a pod's phase may still be Running. */
    readonly deletionTimestamp?: string
  }
}

interface Condition {
  readonly type: string
  readonly status: string
  readonly message?: string
  readonly lastHeartbeatTime?: string
}

export interface NodeObject extends KubeObject {
  readonly spec: {
    readonly podCIDR?: string
    readonly taints?: readonly { readonly key: string; readonly effect: string }[]
  }
  readonly status: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[]
    readonly conditions?: readonly Condition[]
    readonly nodeInfo?: { readonly kubeletVersion: string }
  }
}

interface ContainerStatus {
  readonly image?: string
  readonly imageID?: string
  /** With the runtime in front: `containerd://…`. */
  readonly containerID?: string
  readonly ready?: boolean
  readonly restartCount?: number
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } }
}

export interface PodObject extends KubeObject {
  readonly spec: { readonly nodeName?: string }
  readonly status?: {
    readonly phase?: string
    readonly podIP?: string
    readonly startTime?: string
    readonly conditions?: readonly Condition[]
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
  }
}

export interface ServiceObject extends KubeObject {
  readonly spec: {
    readonly clusterIP?: string
    readonly ports?: readonly { readonly port: number; readonly nodePort?: number }[]
    readonly trafficDistribution?: string
  }
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly Ingress[] } }
}

/** Where a load balancer lets a Service be reached. */
export interface Ingress {
  readonly ip?: string
  readonly hostname?: string
  readonly ipMode?: string
}

export interface SecretObject extends KubeObject {
  readonly data?: Labels
}

export interface GatewayObject extends KubeObject {
  readonly spec: { readonly gatewayClassName?: string }
  readonly status?: { readonly addresses?: readonly { readonly value: string }[] }
}

/** A Deployment or DaemonSet. */
export interface Rollout extends KubeObject {
  readonly spec?: {
    readonly replicas?: number
    readonly template?: PodTemplate
  }
  readonly status?: {
    readonly observedGeneration?: number
    readonly updatedReplicas?: number
    readonly availableReplicas?: number
    readonly desiredNumberScheduled?: number
    readonly updatedNumberScheduled?: number
    readonly numberAvailable?: number
  }
}

interface PodTemplate {
  readonly metadata?: { readonly annotations?: Labels }
  readonly spec?: { readonly containers?: readonly Container[] }
}

interface Container {
  readonly image?: string
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
}

interface Kinds {
  readonly Pod: PodObject
  readonly Service: ServiceObject
}

/** Objects of one kind among those of a mixed list. */
export function ofKind<K extends keyof Kinds>(objects: readonly KubeObject[], kind: K): readonly Kinds[K][] {
  return objects.filter((object): object is Kinds[K] => object.kind === kind)
}

/** Renewed by the kubelet of the node that it is named after. */
export interface LeaseObject extends KubeObject {
  readonly spec?: { readonly renewTime?: string }
}

/** As `kubectl rollout status` has it: the newest form runs everywhere. */
export function isRolledOut({ kind, metadata, spec, status }: Rollout): boolean {
  if (!status || (status.observedGeneration ?? 0) < (metadata.generation ?? 0)) return false
  if (kind === 'DaemonSet') {
    const wanted = status.desiredNumberScheduled ?? 0
    return wanted > 0 && status.updatedNumberScheduled === wanted && status.numberAvailable === wanted
  }
  const wanted = spec?.replicas ?? 1
  return wanted > 0 && status.updatedReplicas === wanted && status.availableReplicas === wanted
}

/** Image of the first container, of which there is one in ztunnels and gateways. */
export function imageOf({ spec }: Rollout): string | undefined {
  return spec?.template?.spec?.containers?.[0]?.image
}

/** Value of an environment variable of the first container that has it. */
export function envOf({ spec }: Rollout, name: string): string | undefined {
  const variables = (spec?.template?.spec?.containers ?? []).flatMap(({ env }) => env ?? [])
  return variables.find((variable) => variable.name === name)?.value
}

/** Where a pod's only container runs; undefined while it does not. */
export function placeOf({ spec, status }: PodObject): ContainerPlace | undefined {
  const id = status?.containerStatuses?.[0]?.containerID?.replace(/^\w+:\/\//, '') ?? ''
  return id === '' || spec.nodeName === undefined ? undefined : { node: spec.nodeName, id }
}

/** Runs and stays: after a restart the former pod may be there for a while. */
export function isServing({ metadata, status }: PodObject): boolean {
  return status?.phase === 'Running' && metadata.deletionTimestamp === undefined
}

export function hasCondition(
  status: { readonly conditions?: readonly Condition[] } | undefined,
  type: string,
): boolean {
  return status?.conditions?.some((c) => c.type === type && c.status === 'True') === true
}
