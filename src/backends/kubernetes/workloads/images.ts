import type { PodObject } from '../cluster/objects.ts'

/** `hub/name:tag@sha256:…` of the first container of each pod, each once: which image a tag really was. */
export function imagesOf(pods: readonly PodObject[]): string {
  const images = pods.flatMap(({ status }) => {
    const container = status?.containerStatuses?.[0]
    if (container?.image === undefined) return []
    // Images loaded from Docker have a configuration digest only; the runtime gives either.
    const digest = /sha256:[0-9a-f]{64}$/.exec(container.imageID ?? '')?.[0]
    return [withDigest(container.image, digest)]
  })
  return [...new Set(images)].toSorted().join(', ')
}

/** What a name says of its content, unless it says that already or nothing is known of it. */
export function withDigest(image: string, digest: string | undefined): string {
  return image.includes('@sha256:') || !digest?.startsWith('sha256:') ? image : `${image}@${digest}`
}
