import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { EnvironmentError } from '../../../errors.ts'
import { toolsFolder } from '../../kubernetes/tools/folders.ts'
import { imageVariant } from '../context.ts'
import { fullIstioVersion, pinsFor } from '../../versions.ts'
import { sha256 } from './cached-tools.ts'

/** Programs that forward, and where Istio's images have them. */
export const forwarders = {
  ztunnel: { image: 'ztunnel', file: '/usr/local/bin/ztunnel' },
  envoy: { image: 'proxyv2', file: '/usr/local/bin/envoy' },
} as const

export type Forwarder = keyof typeof forwarders

/** Which images are meant: those of a release, or of a registry and tag of one's own. */
export interface ImageChoice {
  readonly istio: string
  readonly istioHub?: string | undefined
  readonly istioTag?: string | undefined
}

const extraction = z.object({
  program: z.enum(['ztunnel', 'envoy']),
  image: z.string(),
  /** What the registry calls the image for good; an image that was never in one has none. */
  digest: z.string().nullable(),
  /** Docker's own name of the image. */
  imageId: z.string(),
  sha256: z.string(),
})

/** What is written down beside a program that was copied out of an image. */
export type Extraction = Readonly<z.infer<typeof extraction>>

export interface ExtractedProgram extends Extraction {
  readonly path: string
}

/** Names that an image may have, the likeliest first: images of one's own may have no variant. */
export function imageNames(choice: ImageChoice, program: Forwarder): readonly string[] {
  const { hub, tag } = sourceOf(choice)
  const name = `${hub}/${forwarders[program].image}:${tag}`
  return name.endsWith(`-${imageVariant}`) ? [name] : [`${name}-${imageVariant}`, name]
}

/** Where a program and what is known of it are kept. */
export function extractedFiles(choice: ImageChoice, program: Forwarder, cacheRoot?: string) {
  const { hub, tag } = sourceOf(choice)
  const isOwn = choice.istioHub !== undefined || choice.istioTag !== undefined
  // Tags of one's own are moved and meant differently by each registry.
  const suffix = isOwn ? `-${createHash('sha256').update(`${hub} ${tag}`).digest('hex').slice(0, 8)}` : ''
  const folder = path.join(toolsFolder(cacheRoot), `istio-${tag.replaceAll(/[^\w.-]/g, '_')}${suffix}`)
  return { folder, program: path.join(folder, program), record: path.join(folder, `${program}.json`) }
}

/** The program, when it was extracted. @throws EnvironmentError when it is not what was extracted. */
export function extractedProgram(
  choice: ImageChoice,
  program: Forwarder,
  cacheRoot?: string,
): ExtractedProgram | undefined {
  const files = extractedFiles(choice, program, cacheRoot)
  const found = readExtraction(files.record)
  if (!found || !existsSync(files.program)) return undefined
  const is = sha256(readFileSync(files.program))
  if (is === found.sha256) return { ...found, path: files.program }
  throw new EnvironmentError(
    `${files.program} is not the file that was copied out of ${found.image}: its sha256 is ${is}, not ${found.sha256}`,
    { hint: `hopmeter tools extract --istio ${choice.istio} --force` },
  )
}

/** All that was ever extracted, without looking into the programs. */
export function allExtracted(cacheRoot?: string): readonly ExtractedProgram[] {
  const root = toolsFolder(cacheRoot)
  if (!existsSync(root)) return []
  return readdirSync(root)
    .toSorted()
    .flatMap((folder) =>
      Object.keys(forwarders).flatMap((program) => {
        const file = path.join(root, folder, program)
        const found = readExtraction(`${file}.json`)
        return found && existsSync(file) ? [{ ...found, path: file }] : []
      }),
    )
}

function readExtraction(file: string): Extraction | undefined {
  try {
    return extraction.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}

function sourceOf({ istio, istioHub, istioTag }: ImageChoice): { hub: string; tag: string } {
  return {
    hub: istioHub ?? pinsFor(istio).hub,
    tag: istioTag ?? fullIstioVersion(istio),
  }
}
