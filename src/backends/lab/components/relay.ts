import { constants, type Http2Stream } from 'node:http2'
import { Socket } from 'node:net'
import { addAbortSignal } from 'node:stream'
import type { FlowCounters } from './flow-table.ts'

/** What bytes are carried between: TCP sockets and CONNECT streams. */
export type Channel = Socket | Http2Stream

/** A reader pauses when its writer holds more than this, and goes on when the writer is empty. */
const highWaterBytes = 256 * 1024

/**
 * Carries bytes both ways until both directions have ended. Each direction ends on its own (half-close); anything
 * but a clean end resets both sides, so that a cut-off answer never looks whole. Either side may hold early bytes,
 * but neither may be flowing yet. `pipeline` and `pipe` do the same with more work per chunk.
 */
export function relay(downstream: Channel, upstream: Channel, flow: FlowCounters): void {
  let directions = 2
  let over = false

  function finish(): void {
    over = true
    flow.open--
  }
  function abort(): void {
    if (over) return
    finish()
    reset(downstream)
    reset(upstream)
  }
  function ended(from: Channel, to: Channel): void {
    // A reset stream says `end` as well; only its code tells.
    if (wasReset(from)) return abort()
    to.end()
    if (--directions === 0 && !over) finish()
  }

  downstream.on('data', (chunk: Buffer) => {
    flow.bytesUp += chunk.length
    if (!upstream.write(chunk) && upstream.writableLength > highWaterBytes) downstream.pause()
  })
  upstream.on('data', (chunk: Buffer) => {
    flow.bytesDown += chunk.length
    if (!downstream.write(chunk) && downstream.writableLength > highWaterBytes) upstream.pause()
  })
  for (const [from, to] of [
    [downstream, upstream],
    [upstream, downstream],
  ] as const) {
    to.on('drain', () => from.resume())
    from.once('end', () => ended(from, to))
    from.on('error', abort)
    from.once('close', abort)
    if (from.destroyed) return abort()
  }
  downstream.resume()
  upstream.resume()
}

function wasReset(channel: Channel): boolean {
  return 'rstCode' in channel && (channel.aborted || (channel.rstCode ?? 0) !== constants.NGHTTP2_NO_ERROR)
}

/** Ends a channel so that the other end cannot take it for a clean close: TCP RST, or RST_STREAM with CANCEL. */
export function reset(channel: Channel): void {
  if (!(channel instanceof Socket)) {
    // `close(CANCEL)` would send END_STREAM first, and the peer would see a clean end before the reset.
    addAbortSignal(AbortSignal.abort(), channel)
  } else if (channel.writableEnded || channel.destroyed) {
    channel.destroy() // a FIN is out already; libuv refuses to reset after that
  } else {
    channel.resetAndDestroy()
  }
}
