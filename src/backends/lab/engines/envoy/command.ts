import type { LabCommand } from '../../command.ts'
import type { Tuning } from '../../variants.ts'
import { privatePath } from '../private-file.ts'
import { envoyBootstrap, type EnvoyGateway } from './bootstrap.ts'

/** Worker threads: one, as one request in flight needs. */
const threads = 1
/** Envoy writes its log this often, so this is how long it may not tell of a connection. */
const logFlushMs = 100

/** The file that an Envoy is started with, and its admin socket. */
export function envoyFile(gateway: EnvoyGateway): {
  readonly file: string
  readonly content: string
  readonly admin: string
} {
  const admin = privatePath(gateway.name, 'admin.sock')
  const content = JSON.stringify(envoyBootstrap(gateway, admin))
  return { file: privatePath(gateway.name, 'envoy.json'), content, admin }
}

export function envoyCommand(
  binary: string,
  netns: string,
  file: string,
  { gatewayThreads = threads }: Tuning = {},
): LabCommand {
  const quiet = ['--log-level', 'warning', '--file-flush-interval-msec', String(logFlushMs)]
  const alone = ['--concurrency', String(gatewayThreads), '--disable-hot-restart']
  return { netns, file: binary, args: ['--config-path', file, ...alone, ...quiet] }
}
