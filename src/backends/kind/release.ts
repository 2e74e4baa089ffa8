import type { Release } from '../kubernetes/session/take-down.ts'
import { clusterRelease } from './cluster/release.ts'
import { thawAfterCrash } from './quiet/thaw.ts'

/** Whole clusters, and the containers beside them; what stands still has to run before it can be asked whose it is. */
export const wholeClusters: Release = { ...clusterRelease, repair: thawAfterCrash }
