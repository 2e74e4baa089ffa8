/** What the fake tools know of the world, in the file that they share. */
export interface FakeModel {
  portRaces: number
  agentPort: number
  nextAddress: number
  images: string[]
  /** Images that can be pulled, and folders with the files of images. */
  registry?: string[]
  imageFiles?: Record<string, string>
  /** Docker has pulled one platform of images that name several, so kind's own load fails. */
  hasPlatforms?: boolean
  /** A Docker that cannot save one platform of an image. */
  savesWholeOnly?: boolean
  /** A version whose ztunnels take their own network in another cluster for another network. */
  misled?: string
  kubernetes: string
  cgroup: string
  daemon: string
  containers: Record<
    string,
    {
      running: boolean
      /** Control planes and daemons of the node stand still. */
      frozen?: boolean
      mounts: string[]
      /** In the network of a container that is no node. */
      routes?: { dst: string; type?: string }[]
      address?: string
      cluster?: string
      node?: FakeNode
      /** Of the first process of a node, and of its pods. */
      pid?: number
      podPid?: number
    }
  >
  clusters: Record<string, FakeKubernetes>
  processes: Record<string, number>
  /** When kubelets last renewed the leases of their nodes; at once where absent. */
  renewedMs?: number
  /** What API servers that stood still were asked. */
  askedWhileFrozen: string[]
}

interface FakeKubernetes {
  objects: Record<string, object>
  ztunnels?: Record<string, FakeZtunnel>
}

interface FakeZtunnel {
  node: string
  network: string
  root: string
  startedMs: number
  /** Pods that were deleted while it started. */
  gonePods?: { name: string; namespace: string }[]
}

interface FakeNode {
  images: string[]
  routes: { dst: string; type?: string; gateway?: string }[]
  nat: string[]
}
