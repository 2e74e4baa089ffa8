import { EnvironmentError } from '../../../errors.ts'
import { compareVersions, minimumTools } from '../../versions.ts'
import type { Toolbox, ToolName } from './toolbox.ts'

/** How to get each program. */
export const toolRemedies: Readonly<Record<ToolName, string>> = {
  docker: 'install Docker Engine or Docker Desktop, and let your user talk to its daemon',
  kind: `install kind ${minimumTools.kind} or newer: go install sigs.k8s.io/kind@latest, or brew install kind`,
  kubectl: `install kubectl ${minimumTools.kubectl} or newer: https://kubernetes.io/docs/tasks/tools/`,
  istioctl: 'hopmeter tools install --istio VERSION, or put an istioctl of that version on PATH',
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
