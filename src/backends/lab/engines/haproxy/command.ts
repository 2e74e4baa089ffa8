import type { LabCommand } from '../../command.ts'
import type { Tuning } from '../../variants.ts'
import { privatePath } from '../private-file.ts'
import { haproxyConfig, type Balancer } from './config.ts'

/** The file that a HAProxy is started with, and its command socket. */
export function haproxyFile(
  balancer: Balancer,
  tuning: Tuning = {},
): {
  readonly file: string
  readonly content: string
  readonly socket: string
} {
  const socket = privatePath(balancer.name, 'haproxy.sock')
  return {
    file: privatePath(balancer.name, 'haproxy.cfg'),
    content: haproxyConfig(balancer, socket, tuning),
    socket,
  }
}

export function haproxyCommand(binary: string, netns: string, file: string): LabCommand {
  return { netns, file: binary, args: ['-db', '-f', file] }
}
