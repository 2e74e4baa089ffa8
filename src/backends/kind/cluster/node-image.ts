import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { withDigest } from '../../kubernetes/workloads/images.ts'
import type { KindCluster } from './kind-cluster.ts'

/** The image of the nodes with the digest that Docker has of it: a tag may mean another one tomorrow. */
export async function nodeImageThatRuns(
  tools: Toolbox,
  clusters: readonly KindCluster[],
  image: string,
  context: StepContext,
): Promise<string> {
  const nodes = clusters.flatMap((cluster) => cluster.nodes.names)
  const found = await tools.json<readonly { readonly Image?: string }[]>(
    tools.docker(['inspect', ...nodes]),
    context,
  )
  const images = found.map(({ Image: digest }) => withDigest(image, digest))
  return [...new Set(images)].toSorted().join(', ')
}
