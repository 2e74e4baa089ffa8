import { existsSync, readFileSync } from 'node:fs'
import { commandBehind, EnvironmentError } from '../../errors.ts'

/** `root`: real root, no user namespace. `user-namespace`: a plain user, who is root only inside. */
export type Isolation = 'root' | 'user-namespace'

export function preferredIsolation(): Isolation {
  return process.getuid?.() === 0 ? 'root' : 'user-namespace'
}

/** Why this machine refuses private namespaces, and what to do about it. */
export function isolationRefused(isolation: Isolation, cause: unknown): EnvironmentError {
  const detail = cause instanceof Error ? cause.message : String(cause)
  return new EnvironmentError(`this machine does not let hopmeter make private namespaces: ${detail}`, {
    hint:
      commandBehind(cause)?.reason === 'missing'
        ? 'on Debian or Ubuntu: apt-get install --yes util-linux (as root); the lab runs on Linux only'
        : isolationRemedy(isolation, readSysctl),
    cause,
  })
}

/**
 * Which setting forbids private namespaces, and the command that changes it.
 * `read` gives the value of a sysctl by its path below /proc/sys.
 */
export function isolationRemedy(isolation: Isolation, read: (path: string) => string | undefined): string {
  if (isolation === 'root') {
    return 'in a container, start it with --privileged; otherwise run hopmeter as real root'
  }
  const asRoot = 'or run hopmeter as root'
  if (read('kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return `AppArmor restricts user namespaces: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, ${asRoot}`
  }
  if (read('kernel/unprivileged_userns_clone') === '0') {
    return `user namespaces are off for plain users: sudo sysctl -w kernel.unprivileged_userns_clone=1, ${asRoot}`
  }
  for (const kind of ['user', 'net', 'mnt', 'pid']) {
    if (read(`user/max_${kind}_namespaces`) === '0') {
      return `${kind} namespaces are off: sudo sysctl -w user.max_${kind}_namespaces=10000, ${asRoot}`
    }
  }
  return `run hopmeter as root; in a container, start it with --privileged`
}

function readSysctl(path: string): string | undefined {
  const file = `/proc/sys/${path}`
  if (!existsSync(file)) return undefined
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}
