import { CommandError, EnvironmentError } from '../../errors.ts'
import { run } from '../../process/exec.ts'

/** Programs that the lab starts, and the Debian package of each. */
const packages = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  taskset: 'util-linux',
  setpriv: 'util-linux',
  ip: 'iproute2',
  bridge: 'iproute2',
  tc: 'iproute2',
  nft: 'nftables',
  bird: 'bird2',
  birdc: 'bird2',
} as const

export type Tool = keyof typeof packages

const versionArgs: Readonly<Record<Tool, readonly string[]>> = {
  unshare: ['--version'],
  nsenter: ['--version'],
  taskset: ['--version'],
  setpriv: ['--version'],
  ip: ['-V'],
  bridge: ['-V'],
  tc: ['-V'],
  nft: ['--version'],
  bird: ['--version'],
  birdc: ['--version'],
}

/** Debian keeps these programs where the PATH of a plain user does not look. */
export const toolEnv: Readonly<Record<string, string>> = {
  PATH: [process.env['PATH'], '/usr/local/sbin', '/usr/sbin', '/sbin'].filter(Boolean).join(':'),
  LC_ALL: 'C',
}

/** What a lab without setpriv means. */
export const withoutSetpriv =
  'not there: a program that is stopped while hopmeter is killed is left (hopmeter down --orphans ends it)'

/** The command that installs what is missing. */
export function installHint(tool: Tool): string {
  return `on Debian or Ubuntu: apt-get install --yes ${packages[tool]} (as root)`
}

/**
 * Version number of a program, e.g. `6.1.0`.
 * @throws EnvironmentError when it is not installed, with the command that installs it.
 */
export async function toolVersion(
  tool: Tool,
  signal?: AbortSignal,
  env: Readonly<Record<string, string>> = toolEnv,
): Promise<string> {
  try {
    const { stdout, stderr } = await run(tool, versionArgs[tool], { env, signal })
    const line = `${stdout}\n${stderr}`.trim().split('\n')[0] ?? ''
    return /\d+(\.\d+)+/.exec(line)?.[0] ?? line
  } catch (cause) {
    if (!(cause instanceof CommandError) || cause.reason !== 'missing') throw cause
    throw new EnvironmentError(`the lab needs the program "${tool}", which is not installed`, {
      hint: installHint(tool),
      cause,
    })
  }
}
