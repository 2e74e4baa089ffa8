/** Where a container runs. */
export interface ContainerPlace {
  /** Name of the node. */
  readonly node: string
  /** As the container runtime knows it. */
  readonly id: string
}
