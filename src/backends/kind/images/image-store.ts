import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CommandError, EnvironmentError } from '../../../errors.ts'
import type { KubeStep, StepContext } from '../../kubernetes/steps/step.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import type { KindCluster } from '../cluster/kind-cluster.ts'

const pullTimeoutMs = 900_000
const loadTimeoutMs = 600_000

/** Full name by which a container runtime keeps an image: `node:20` is `docker.io/library/node:20`. */
export function fullImageName(image: string): string {
  const [first = '', ...rest] = image.split('/')
  if (rest.length === 0) return `docker.io/library/${image}`
  const isHost = first === 'localhost' || /[.:]/.test(first)
  return isHost ? image : `docker.io/${image}`
}

/** With Docker's containerd store an image knows of platforms whose content was never pulled. */
const incompleteImage = /content digest \S+: not found/

/** Pulls at most once per image, however many clusters need it. */
export class ImageStore {
  readonly #tools: Toolbox
  readonly #local = new Map<string, Promise<void>>()

  constructor(tools: Toolbox) {
    this.#tools = tools
  }

  /** Puts images into the nodes of a cluster, from Docker's own store. */
  step(cluster: KindCluster, images: readonly string[]): KubeStep {
    const tools = this.#tools
    const load = (names: readonly string[]) =>
      tools.kind(['load', 'docker-image', '--name', cluster.kindName, ...names])
    return {
      name: `load images into ${cluster.name}`,
      commands: [load(images)],
      isDone: async (context) => (await this.#missing(cluster, images, context)).length === 0,
      run: async (context) => {
        const missing = await this.#missing(cluster, images, context)
        for (const image of missing) await this.#ensureLocal(image, context)
        try {
          await tools.call(load(missing), { ...context, timeoutMs: loadTimeoutMs })
        } catch (error) {
          context.signal.throwIfAborted()
          if (!(error instanceof CommandError) || !incompleteImage.test(error.output)) throw error
          await this.#loadOwnPlatform(cluster, missing, context)
        }
      },
    }
  }

  /**
   * kind asks its nodes to import every platform that an image names, which fails where Docker has pulled one of them
   * only (kubernetes-sigs/kind#3795): an archive of that one can be loaded.
   */
  async #loadOwnPlatform(
    cluster: KindCluster,
    images: readonly string[],
    context: StepContext,
  ): Promise<void> {
    const tools = this.#tools
    const folder = mkdtempSync(path.join(tmpdir(), 'hopmeter-images-'))
    const archive = path.join(folder, 'images.tar')
    try {
      const format = '{{.Server.Os}}/{{.Server.Arch}}'
      const platform = (await tools.call(tools.docker(['version', '--format', format]), context)).trim()
      context.progress(`save the ${platform} images for ${cluster.name}`)
      const limits = { ...context, timeoutMs: loadTimeoutMs }
      const save = tools.docker(['save', '--platform', platform, '--output', archive, ...images])
      await tools.call(save, limits)
      await tools.call(tools.kind(['load', 'image-archive', '--name', cluster.kindName, archive]), limits)
    } catch (cause) {
      context.signal.throwIfAborted()
      if (!(cause instanceof CommandError) || !cause.output.includes('unknown flag: --platform')) throw cause
      throw new EnvironmentError(
        "kind cannot load images of several platforms from Docker's containerd store",
        {
          cause,
          hint: 'Docker 28 or newer can save one platform, or turn that image store off in the settings of the daemon',
        },
      )
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  async #missing(
    cluster: KindCluster,
    images: readonly string[],
    context: StepContext,
  ): Promise<readonly string[]> {
    const present = await Promise.all(
      cluster.nodes.names.map(async (node) => {
        const list = ['crictl', 'images', '--output', 'json']
        const answer = await cluster.nodes.json<{ images?: readonly { repoTags?: readonly string[] }[] }>(
          node,
          list,
          context,
        )
        return new Set((answer.images ?? []).flatMap(({ repoTags }) => repoTags ?? []))
      }),
    )
    return images.filter((image) => present.some((tags) => !tags.has(fullImageName(image))))
  }

  #ensureLocal(image: string, context: StepContext): Promise<void> {
    const known = this.#local.get(image)
    if (known) return known
    const pulling = this.#pull(image, context)
    this.#local.set(image, pulling)
    // Another attempt may go better, e.g. when the first was stopped.
    pulling.catch(() => this.#local.delete(image))
    return pulling
  }

  async #pull(image: string, context: StepContext): Promise<void> {
    const inspect = this.#tools.docker(['image', 'inspect', '--format', '{{.Id}}', image])
    try {
      await this.#tools.call(inspect, context)
      return
    } catch (error) {
      context.signal.throwIfAborted()
      if (!(error instanceof CommandError) || !/no such image/i.test(error.output)) throw error
    }
    context.progress(`pull ${image}`)
    try {
      await this.#tools.call(this.#tools.docker(['pull', '--quiet', image]), {
        ...context,
        timeoutMs: pullTimeoutMs,
      })
    } catch (cause) {
      context.signal.throwIfAborted()
      throw new EnvironmentError(`image ${image} is not on this machine and cannot be pulled`, {
        cause,
        hint: 'pull or build it by other means (docker images shows what is there), or name another one',
      })
    }
  }
}
