import { z } from 'zod'
import { cannotRead, readJson, type Reading } from '../../../../evidence/reading.ts'
import { frontend } from './config.ts'

/** A connection that the load balancer carries or carried. */
export interface ProxiedConnection {
  /** `ip:port` of who opened it. */
  readonly client: string
  /** `ip:port` of the load balancer's own end: what the gateway sees as its source. */
  readonly own: string
  /** `ip:port` that it dialled. */
  readonly server: string
  /** Client to server. */
  readonly bytesUp: number
  readonly bytesDown: number
}

/** What HAProxy says of now. */
export interface ProxyState {
  readonly open: readonly ProxiedConnection[]
  /** Connections since its start, open ones included. */
  readonly total: number
}

const bytes = z.coerce.number().int().nonnegative()
const logLine = z.object({
  client: z.string(),
  own: z.string(),
  server: z.string(),
  up: bytes,
  down: bytes,
})

/** One line of the log that our configuration asks for; undefined for a line of other words. */
export function parseClosed(line: string): Reading<ProxiedConnection> | undefined {
  if (!line.startsWith('{')) return undefined
  const read = readJson("a line of HAProxy's log", line, logLine)
  if (!read.ok) return read
  const { up, down, ...ends } = read.value
  return { ok: true, value: { ...ends, bytesUp: up, bytesDown: down } }
}

export const stateCommand = 'show sess all;show stat'

const sessionStart = /^0x[0-9a-f]+: /m

/** Answer to `show sess all;show stat`. Source: HAProxy management guide; seen so with 2.6. */
export function parseState(answer: string): Reading<ProxyState> {
  const at = answer.indexOf('# pxname,')
  if (at < 0) return cannotRead("HAProxy's answer", 'it has no statistics')
  const total = totalOf(answer.slice(at))
  if (total === undefined) return cannotRead("HAProxy's statistics", `there is no frontend ${frontend}`)
  const open = answer
    .slice(0, at)
    .split(sessionStart)
    .flatMap((block) => sessionOf(block) ?? [])
  return { ok: true, value: { open, total } }
}

/** Undefined for what is no connection of the frontend, or not yet connected to the gateway. */
function sessionOf(block: string): ProxiedConnection | undefined {
  if (!block.includes(`frontend=${frontend} `)) return undefined
  const client = /\bsource=(\S+)/.exec(block)?.[1]
  const own = /^\s*backend=\S+.* addr=(\S+)/m.exec(block)?.[1]
  const server = /^\s*server=\S+.* addr=(\S+)/m.exec(block)?.[1]
  const carried = (side: 'req' | 'res') =>
    Number(new RegExp(String.raw`^\s*${side}=.*\btotal=(\d+)`, 'm').exec(block)?.[1] ?? Number.NaN)
  const [bytesUp, bytesDown] = [carried('req'), carried('res')]
  if (client === undefined || own === undefined || server === undefined) return undefined
  return Number.isNaN(bytesUp + bytesDown) ? undefined : { client, own, server, bytesUp, bytesDown }
}

function totalOf(csv: string): number | undefined {
  const [header = '', ...rows] = csv.split('\n')
  const columns = header.replace(/^# /, '').split(',')
  const row = rows
    .map((line) => line.split(','))
    .find(([name, type]) => name === frontend && type === 'FRONTEND')
  const total = row?.[columns.indexOf('stot')]
  return total === undefined || total === '' ? undefined : Number(total)
}
