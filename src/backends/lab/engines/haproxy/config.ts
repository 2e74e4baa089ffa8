import type { Tuning } from '../../variants.ts'

/** Where a load balancer stands. */
export interface Balancer {
  readonly name: string
  /** `ip:port`. */
  readonly listen: string
  readonly upstream: string
}

export const frontend = 'hbone'

/** What HAProxy writes when a connection is over; `own` is its end towards the gateway. */
const logFields = {
  client: '%ci:%cp',
  own: '%bi:%bp',
  server: '%si:%sp',
  up: '%U',
  down: '%B',
} as const

/** HAProxy as a TCP proxy, the command line of its socket for hopmeter alone. */
export function haproxyConfig(
  { listen, upstream }: Balancer,
  socket: string,
  { loadBalancerThreads = 1 }: Tuning = {},
): string {
  const format = JSON.stringify(logFields).replaceAll(/["\\]/g, String.raw`\$&`)
  return `${[
    'global',
    `  nbthread ${loadBalancerThreads}`,
    `  stats socket ${socket} mode 600 level operator`,
    '  log stdout len 4096 format raw local0 info',
    'defaults',
    '  mode tcp',
    '  timeout connect 10s',
    '  timeout client 24h',
    '  timeout server 24h',
    `frontend ${frontend}`,
    `  bind ${listen}`,
    '  log global',
    `  log-format "${format}"`,
    '  default_backend gateway',
    'backend gateway',
    `  server gateway ${upstream}`,
  ].join('\n')}\n`
}
