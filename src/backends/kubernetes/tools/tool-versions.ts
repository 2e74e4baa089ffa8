import { compareVersions, minimumTools, versionNumbers } from '../../versions.ts'
import type { Toolbox, ToolName } from './toolbox.ts'

/** How to get each program. */
export const toolRemedies: Readonly<Record<ToolName, string>> = {
  docker: 'install Docker Engine or Docker Desktop, and let your user talk to its daemon',
  kind: `install kind ${minimumTools.kind} or newer: go install sigs.k8s.io/kind@latest, or brew install kind`,
  kubectl: `install kubectl ${minimumTools.kubectl} or newer: https://kubernetes.io/docs/tasks/tools/`,
  istioctl: 'hopmeter tools install --istio VERSION, or put an istioctl of that version on PATH',
}

/** Versions of the programs, e.g. `0.30.0`, `20.10.24+dfsg1` or `unknown`. @throws CommandError when one does not run. */
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

/** A program that runs has a version, although it may not be known. @throws CommandError when it does not run. */
export async function toolVersion(tools: Toolbox, name: ToolName, signal?: AbortSignal): Promise<string> {
  const command = tools.plain(name, versionArgs[name])
  return saidVersion(name, await tools.call(command, { signal, timeoutMs: 30_000 }))
}

/** The version in what a program prints, as it says it but without a leading `v`; `unknown` when that is none. */
export function saidVersion(name: ToolName, text: string): string {
  const word = wordOf[name](text) ?? ''
  return /^[\w.+~:-]{1,64}$/.test(word) ? word.replace(/^v(?=\d)/, '') : 'unknown'
}

/** By its place, not by its form: `kind unknown go1.24.6 linux/amd64` is not version 1.24.6. */
const wordOf: Readonly<Record<ToolName, (text: string) => string | undefined>> = {
  docker: firstLine,
  kind: (text) => /^kind (?:version )?(\S+)/m.exec(text)?.[1],
  kubectl: kubectlVersion,
  // Older ones print the version and nothing else.
  istioctl: (text) => /^client version:[ \t]*(\S+)/m.exec(text)?.[1] ?? firstLine(text),
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]!.trim()
}

interface KubectlVersion {
  readonly clientVersion?: {
    readonly gitVersion?: unknown
    readonly major?: unknown
    readonly minor?: unknown
  }
}

function kubectlVersion(text: string): string | undefined {
  try {
    const { clientVersion: { gitVersion, major, minor } = {} } = JSON.parse(text) as KubectlVersion
    const own = typeof gitVersion === 'string' ? gitVersion : undefined
    // Whoever builds it without a tag may still say of which minor it is.
    if (versionNumbers(own ?? '') !== undefined || typeof major !== 'string' || typeof minor !== 'string')
      return own
    return /^[1-9]\d*$/.test(major) && /^\d+\+?$/.test(minor) ? `${major}.${minor}` : own
  } catch {
    return undefined
  }
}

/** What is wrong with the version of a program, or undefined; nothing is wrong with one that cannot be compared. */
export function toolProblem(name: ToolName, version: string): string | undefined {
  const minimum = name === 'istioctl' ? undefined : minimumTools[name]
  const numbers = versionNumbers(version)
  if (minimum === undefined || numbers === undefined || compareVersions(numbers, minimum) >= 0)
    return undefined
  return `${name} ${version} is older than ${minimum}`
}

/** What cannot be known of a program whose version has no number, or undefined. */
export function toolDoubt(name: ToolName, version: string): string | undefined {
  if (name === 'istioctl' || versionNumbers(version) !== undefined) return undefined
  return `${name} says its version is "${version}": not known whether that is ${minimumTools[name]} or newer`
}
