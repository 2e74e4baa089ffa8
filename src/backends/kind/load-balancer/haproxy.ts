import { connect } from 'node:net'
import { cannotRead, splitAddress, type Reading } from '../../../evidence/reading.ts'

/** HAProxy's own command port inside of the container, published on the loopback of this machine only. */
export const haproxyCommandPort = 9999

/**
 * Configuration of a plain TCP proxy with one backend. Operator level of the command port can read sessions and change
 * nothing that forwards.
 */
export function haproxyConfig(port: number, address: string, nodePort: number): string {
  return `global
  stats socket ipv4@0.0.0.0:${haproxyCommandPort} level operator
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend hbone
  bind :${port}
  default_backend gateway
backend gateway
  server node ${address}:${nodePort}
`
}

/** A connection that HAProxy carries now. */
export interface ProxySession {
  /** Tells sessions apart while they last. */
  readonly id: string
  /** `ip:port` of who opened it. */
  readonly source: string
  readonly server: string
}

const sessionLine = /^(?<id>0x[0-9a-f]+): (?<rest>.*)$/

/** Answer to `show sess`; the proxy's own command connections are left out. Source: HAProxy management guide. */
export function parseSessions(text: string): Reading<readonly ProxySession[]> {
  const sessions: ProxySession[] = []
  // It lists at least the connection that asks.
  if (text.trim() === '') return cannotRead("HAProxy's sessions", 'the answer is empty')
  for (const line of text.split('\n').filter((l) => l.trim() !== '')) {
    const groups = sessionLine.exec(line)?.groups
    if (!groups) return cannotRead("HAProxy's sessions", JSON.stringify(line.slice(0, 80)))
    const field = (name: string) => new RegExp(`(?:^| )${name}=(\\S+)`).exec(groups['rest'] ?? '')?.[1]
    const [source, frontend, server] = [field('src'), field('fe'), field('srv')]
    if (source === undefined || frontend === 'GLOBAL' || server === undefined || server === '<none>') continue
    if (splitAddress(source)) sessions.push({ id: `${groups['id']} ${source}`, source, server })
  }
  return { ok: true, value: sessions }
}

const maxAnswerChars = 16 * 1024 * 1024

/** Asks a HAProxy on this machine's loopback. @throws Error when it does not answer in time. */
export function askHaproxy(port: number, command: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect({ host: '127.0.0.1', port })
    const timer = setTimeout(
      () => socket.destroy(new Error(`HAProxy did not answer in ${timeoutMs} ms`)),
      timeoutMs,
    )
    // HAProxy answers one command and closes; closing our side first would make it drop the answer.
    socket.on('connect', () => socket.write(`${command}\n`))
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString()
      if (answer.length > maxAnswerChars) socket.destroy(new Error('HAProxy answered with too much'))
    })
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(answer)
    })
  })
}
