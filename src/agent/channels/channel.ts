import type { Dial } from '../dialers.ts'
import type { Target } from '../protocol.ts'

/** What a response says before its body. Equal heads on one channel are the same object. */
export interface AnswerHead {
  readonly status: number
  /** Who answered; empty for endpoints that do not say. */
  readonly cluster: string
  readonly pod: string
}

/** The peer sent something that is not the protocol. */
export class BadAnswerError extends Error {
  override name = 'BadAnswerError'
}

/** What a channel tells its driver. None of it is called from within `send` or `destroy`. */
export interface ChannelEvents {
  connected(): void
  /** A response is complete. */
  answered(head: AnswerHead, bodyBytes: number): void
  /** Once, when the connection is over or never came to be; `error` is absent after an orderly close. */
  closed(error: Error | undefined): void
}

/** One connection to a target that carries one request at a time. */
export interface Channel {
  /** A request may be sent: connected, and not known to be closing. */
  readonly usable: boolean
  /** Part of an answer has arrived. */
  readonly receiving: boolean
  /** When the bytes that completed the last answer arrived, `process.hrtime.bigint()`. */
  readonly arrivedAtNs: bigint
  /** Bytes on the connection since the last call, without TCP and IP headers. */
  takeBytes(): { sent: number; received: number }
  /** Writes the request; returns the time right before, `process.hrtime.bigint()`. */
  send(): bigint
  /** Ends the connection at once; no events follow. */
  destroy(): void
}

/** What a channel sends, over and over. */
export interface RequestShape {
  readonly target: Target
  readonly requestBytes: number
  readonly responseBytes: number
  /** Opens the connection in another network; absent: it is opened here. */
  readonly dial?: Dial | undefined
}

export type OpenChannel = (shape: RequestShape, events: ChannelEvents) => Channel
