/** A Deployment or DaemonSet. */
export interface Rollout {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly generation?: number }
  readonly spec?: {
    readonly replicas?: number
    readonly template?: { readonly spec?: { readonly containers?: readonly Container[] } }
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

interface Container {
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
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

/** What hopmeter reads of a pod. */
export interface PodObject {
  readonly metadata: {
    readonly name: string
    readonly uid?: string
    /** On its way out, though its phase may still be Running. */
    readonly deletionTimestamp?: string
    readonly annotations?: Readonly<Record<string, string>>
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly spec: { readonly nodeName?: string }
  readonly status?: {
    readonly podIP?: string
    readonly phase?: string
    readonly startTime?: string
    readonly containerStatuses?: readonly {
      readonly image: string
      readonly imageID: string
      readonly ready?: boolean
    }[]
  }
}
