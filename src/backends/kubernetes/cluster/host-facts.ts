/** What is known of the machine that the nodes of all clusters share; nothing of clusters that the user has. */
export interface HostFacts {
  readonly cores: number
  /** 1 or 2. */
  readonly cgroupVersion?: number | undefined
}
