import { randomUUID } from 'node:crypto'
import { chmodSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync, mkdtempSync } from 'node:fs'
import path from 'node:path'
import { CommandError, EnvironmentError } from '../../../errors.ts'
import { makeFolder } from '../../../make-folder.ts'
import { createToolbox } from '../../kubernetes/tools/create-toolbox.ts'
import type { KubernetesOptions } from '../../kubernetes/tools/options.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { sha256 } from './cached-tools.ts'
import {
  extractedFiles,
  extractedProgram,
  forwarders,
  imageNames,
  type ExtractedProgram,
  type Extraction,
  type Forwarder,
  type ImageChoice,
} from './extracted.ts'

const pullTimeoutMs = 600_000
const copyTimeoutMs = 120_000

export interface ExtractOptions extends Pick<
  KubernetesOptions,
  'cacheRoot' | 'stateRoot' | 'execute' | 'deadlineScale'
> {
  /** Copy again what is there. */
  readonly force?: boolean | undefined
  readonly signal: AbortSignal
  readonly progress: (message: string) => void
}

/**
 * Copies ztunnel and Envoy out of Istio's images into hopmeter's cache, with the user's Docker: a container is made of
 * each image and never run, its file is copied, and it is removed. The image's digest is written down beside the file.
 * @throws EnvironmentError without Docker or image, with the next step.
 */
export async function extractForwarders(
  choice: ImageChoice,
  options: ExtractOptions,
): Promise<readonly ExtractedProgram[]> {
  const tools = createToolbox(options)
  const wanted = (Object.keys(forwarders) as Forwarder[]).map((program) => ({
    program,
    cached: options.force ? undefined : extractedProgram(choice, program, options.cacheRoot),
  }))
  if (wanted.some(({ cached }) => !cached)) await requireDocker(tools, options)
  const found: ExtractedProgram[] = []
  for (const { program, cached } of wanted)
    found.push(cached ?? (await extract(tools, choice, program, options)))
  return found
}

async function extract(
  tools: Toolbox,
  choice: ImageChoice,
  program: Forwarder,
  options: ExtractOptions,
): Promise<ExtractedProgram> {
  const image = await findImage(tools, choice, program, options)
  const files = extractedFiles(choice, program, options.cacheRoot)
  makeFolder(files.folder)
  const temporary = mkdtempSync(path.join(files.folder, 'extract-'))
  try {
    const file = path.join(temporary, program)
    options.progress(`copy ${forwarders[program].file} out of ${image.name}`)
    await copyOut(tools, image.name, forwarders[program].file, file, options)
    const data = contentOf(file, image.name)
    const record: Extraction = {
      program,
      image: image.name,
      digest: image.digest,
      imageId: image.id,
      sha256: sha256(data),
    }
    chmodSync(file, 0o755)
    writeFileSync(`${file}.json`, `${JSON.stringify(record, null, 2)}\n`)
    // The record first: a program without one is never used.
    renameSync(`${file}.json`, files.record)
    renameSync(file, files.program)
    return { ...record, path: files.program }
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

async function requireDocker(tools: Toolbox, { signal }: ExtractOptions): Promise<void> {
  try {
    await tools.call(tools.docker(['version', '--format', '{{.Server.Os}}/{{.Server.Arch}}']), {
      signal,
      timeoutMs: 20_000,
    })
  } catch (cause) {
    signal.throwIfAborted()
    const missing = cause instanceof CommandError && cause.reason === 'missing'
    throw new EnvironmentError(
      missing ? 'docker is not installed, and images are read with it' : 'Docker does not answer',
      {
        cause,
        hint: missing
          ? 'on Debian or Ubuntu: apt-get install --yes docker.io (as root); or copy the programs from where there is one, and name them with --ztunnel and --envoy'
          : 'start it (systemctl start docker), or let your user reach it (usermod --append --groups docker $USER); docker version shows what is wrong',
      },
    )
  }
}

interface InspectedImage {
  readonly Id: string
  readonly RepoDigests?: readonly string[] | null
}

interface FoundImage {
  readonly name: string
  readonly id: string
  readonly digest: string | null
}

/** Pulls the image unless Docker has it. */
async function findImage(
  tools: Toolbox,
  choice: ImageChoice,
  program: Forwarder,
  options: ExtractOptions,
): Promise<FoundImage> {
  const names = imageNames(choice, program)
  for (const name of names) {
    const found = await inspect(tools, name, options)
    if (found) return found
  }
  const failures: unknown[] = []
  for (const name of names) {
    try {
      options.progress(`pull ${name}`)
      await tools.call(tools.docker(['pull', '--quiet', ...platform(), name]), {
        signal: options.signal,
        timeoutMs: pullTimeoutMs,
      })
      const found = await inspect(tools, name, options)
      if (found) return found
    } catch (error) {
      options.signal.throwIfAborted()
      failures.push(error)
    }
  }
  throw new EnvironmentError(`there is no image ${names.join(' or ')}, and it could not be pulled`, {
    cause: failures[0],
    hint: 'look at --istio, --istio-hub and --istio-tag, or docker load an archive of the image',
  })
}

async function inspect(
  tools: Toolbox,
  name: string,
  { signal }: ExtractOptions,
): Promise<FoundImage | undefined> {
  let found: InspectedImage
  try {
    found = await tools.json(tools.docker(['image', 'inspect', '--format', '{{json .}}', name]), { signal })
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof CommandError && /no such (?:image|object)/i.test(error.output)) return undefined
    throw error
  }
  const { Id: id, RepoDigests: digests } = found
  const repository = name.slice(0, name.lastIndexOf(':'))
  const own = digests?.find((digest) => digest.startsWith(`${repository}@`)) ?? digests?.[0]
  return { name, id, digest: own?.split('@')[1] ?? null }
}

/** Docker on another kind of machine would give programs that do not run here. */
function platform(): readonly string[] {
  const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch as string]
  return architecture === undefined ? [] : ['--platform', `linux/${architecture}`]
}

/** Docker copies whatever is there: a link or a folder is no program. */
function contentOf(file: string, image: string): Buffer {
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile()) return readFileSync(file)
  throw new EnvironmentError(`docker copied no program out of ${image}, and did not say why`, {
    hint: `docker image inspect ${image} shows whose it is`,
  })
}

async function copyOut(
  tools: Toolbox,
  image: string,
  from: string,
  to: string,
  { signal }: ExtractOptions,
): Promise<void> {
  const name = `hopmeter-extract-${randomUUID()}`
  // An image may name no command; this one is never run either.
  await tools.call(tools.docker(['create', '--name', name, image, 'never-run']), { signal })
  try {
    await tools.call(tools.docker(['cp', `${name}:${from}`, to]), { signal, timeoutMs: copyTimeoutMs })
  } catch (cause) {
    signal.throwIfAborted()
    throw new EnvironmentError(`cannot copy ${from} out of ${image}`, {
      cause,
      hint: 'the image is not one of Istio’s, or the disk is full',
    })
  } finally {
    // Also when we are stopped, so not with our signal.
    await tools.call(tools.docker(['rm', '--force', name])).catch(() => {})
  }
}
