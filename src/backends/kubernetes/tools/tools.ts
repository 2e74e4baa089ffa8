import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { EnvironmentError } from '../../../errors.ts'
import { compareVersions, defaultIstio, fullIstioVersion, minimumTools } from '../../versions.ts'
import { toolsFolder } from './folders.ts'
import type { KubernetesOptions } from './options.ts'
import type { Toolbox, ToolName } from './toolbox.ts'

/** How to get each program. */
export const toolRemedies: Readonly<Record<ToolName, string>> = {
  docker: 'install Docker Engine or Docker Desktop, and let your user talk to its daemon',
  kind: `install kind ${minimumTools.kind} or newer: go install sigs.k8s.io/kind@latest, or brew install kind`,
  kubectl: `install kubectl ${minimumTools.kubectl} or newer: https://kubernetes.io/docs/tasks/tools/`,
  istioctl: 'hopmeter tools install --istio VERSION, or put an istioctl of that version on PATH',
}

/** Path of a program on PATH, or undefined. */
export function findOnPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => path.join(folder, name)).find((file) => isExecutable(file))
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Where `tools install` keeps the istioctl of a version, and the checksum beside it. */
export function cachedIstioctl(version: string, cacheRoot?: string): { binary: string; checksum: string } {
  const folder = path.join(toolsFolder(cacheRoot), `istio-${version}`)
  return { binary: path.join(folder, 'istioctl'), checksum: path.join(folder, 'istioctl.sha256') }
}

export function cachedGatewayApi(version: string, cacheRoot?: string): string {
  return path.join(toolsFolder(cacheRoot), `gateway-api-${version}`, 'standard-install.yaml')
}

/**
 * The cached istioctl of a version, after its checksum was compared with the one kept at its download.
 * @throws EnvironmentError when the file is not what was downloaded.
 */
export function verifiedIstioctl(version: string, cacheRoot?: string): string | undefined {
  const { binary, checksum } = cachedIstioctl(version, cacheRoot)
  if (!existsSync(binary)) return undefined
  const wanted = existsSync(checksum) ? readFileSync(checksum, 'utf8').trim() : 'none'
  const found = sha256(readFileSync(binary))
  if (found === wanted) return binary
  throw new EnvironmentError(
    `${binary} is not the file that was downloaded: its sha256 is ${found}, not ${wanted}`,
    {
      hint: `hopmeter tools install --istio ${version} --force`,
    },
  )
}

export function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}

/** Programs that are not on PATH but in hopmeter's cache. istioctl from the cache wins: it has the right version. */
export function locatePrograms(options: KubernetesOptions): Partial<Record<ToolName, string>> {
  const istioctl = verifiedIstioctl(fullIstioVersion(options.istio ?? defaultIstio), options.cacheRoot)
  return istioctl === undefined ? {} : { istioctl }
}

/** Version numbers of the programs, e.g. `0.30.0`. @throws CommandError when one does not run. */
export async function toolVersions(
  tools: Toolbox,
  names: readonly ToolName[],
  signal?: AbortSignal,
): Promise<Readonly<Partial<Record<ToolName, string>>>> {
  const entries = await Promise.all(
    names.map(async (name) => [name, await toolVersion(tools, name, signal)] as const),
  )
  return Object.fromEntries(entries)
}

const versionArgs: Readonly<Record<ToolName, readonly string[]>> = {
  docker: ['version', '--format', '{{.Server.Version}}'],
  kind: ['version'],
  kubectl: ['version', '--client', '--output', 'json'],
  istioctl: ['version', '--remote=false'],
}

export async function toolVersion(tools: Toolbox, name: ToolName, signal?: AbortSignal): Promise<string> {
  const command = tools.plain(name, versionArgs[name])
  const text = await tools.call(command, { signal, timeoutMs: 30_000 })
  const found = /v?(\d+\.\d+\.\d+(-[\w.]+)?)/.exec(text)?.[1]
  if (found === undefined) {
    throw new EnvironmentError(`${name} does not say its version: ${text.slice(0, 200) || '(nothing)'}`, {
      hint: toolRemedies[name],
    })
  }
  return found
}

/** What is wrong with the version of a program, or undefined. */
export function toolProblem(name: ToolName, version: string): string | undefined {
  const minimum = name === 'istioctl' ? undefined : minimumTools[name]
  if (minimum === undefined || compareVersions(version, minimum) >= 0) return undefined
  return `${name} ${version} is older than ${minimum}`
}
