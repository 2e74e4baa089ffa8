import type { Http2Session } from 'node:http2'
import { pingIntervalMs, pingTimeoutMs } from './wire.ts'

/**
 * Sends an HTTP/2 PING every 10 s, the first after 10 s, and destroys the session when an answer takes longer than
 * 20 s, as ztunnel does on both ends. The timers do not keep the process alive.
 */
export function keepPinging(session: Http2Session): void {
  let timer = setTimeout(ping, pingIntervalMs).unref()
  session.once('close', () => clearTimeout(timer))

  function ping(): void {
    if (session.destroyed) return
    timer = setTimeout(() => session.destroy(), pingTimeoutMs).unref()
    const sent = session.ping(() => {
      clearTimeout(timer)
      if (!session.destroyed) timer = setTimeout(ping, pingIntervalMs).unref()
    })
    if (!sent) session.destroy()
  }
}
