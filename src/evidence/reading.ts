import type { z } from 'zod'

/** What a component said, or why its words could not be read. Parsers never throw. */
export type Reading<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly cannotRead: string }

export function readJson<T>(what: string, text: string, schema: z.ZodType<T>): Reading<T> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return cannotRead(what, `it is not JSON: ${excerpt(text)}`)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return { ok: true, value: parsed.data }
  const [issue] = parsed.error.issues
  return cannotRead(what, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unknown form'}`)
}

export function cannotRead(what: string, why: string): { readonly ok: false; readonly cannotRead: string } {
  return { ok: false, cannotRead: `cannot read ${what}: ${why}` }
}

function excerpt(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? ''
  return line === '' ? 'it is empty' : JSON.stringify(line.slice(0, 80))
}

/** `10.1.2.3:8080` or `[fd00::1]:8080` as host and port; undefined when it is none. */
export function splitAddress(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(.+):(\d{1,5})$/.exec(text)
  const host = match?.[1]?.replace(/^\[(.*)\]$/, '$1').replace(/^::ffff:(?=\d+\.)/, '')
  const port = Number(match?.[2])
  return host === undefined || host === '' || port > 65535 ? undefined : { host, port }
}

/** The host of `ip:port`, or the text itself where it is none. */
export function hostOf(address: string): string {
  return splitAddress(address)?.host ?? address
}

export function isIpAddress(host: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(host) || host.includes(':')
}
