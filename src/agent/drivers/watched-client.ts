import type { Socket } from 'node:net'
import type autocannon from 'autocannon'
import type { AnswerHead } from '../channels/channel.ts'
import type { PathRecorder } from '../path-recorder.ts'
import { answerHeaders } from '../protocol.ts'
import type { AnswerCheck } from './answer-check.ts'

/** What autocannon 9.0.0 gives its `setupClient` hook, as far as we use it (lib/httpClient.js). */
export interface AutocannonClient extends autocannon.Client {
  /** The current socket. */
  conn: Socket
  /** The client ends itself in place of the next request once it has sent this many. */
  responseMax: number
  parser: { type: string; reinitialize(type: string): void }
  pipelinedRequests: { clear(): void }
  destroy(): void
}

/** autocannon reconnects at once, so a path that is down would spin. */
const maxLosses = 5
const unknownLength = -1

/**
 * Follows one client of autocannon by its events: takes the time of every request, tells the first of each connection
 * from later ones, and counts what is lost.
 */
export class WatchedClient {
  readonly #client: AutocannonClient
  readonly #recorder: PathRecorder
  readonly #check: AnswerCheck
  readonly #address: string
  #conn: Socket | undefined
  #everConnected = false
  #ended = false
  /** Nothing was answered on this connection yet. */
  #fresh = true
  #inFlight = false
  #sentAtNs = 0n
  #losses = 0
  #head: AnswerHead = { status: 0, cluster: '', pod: '' }
  #bodyBytes = unknownLength

  constructor(client: AutocannonClient, recorder: PathRecorder, check: AnswerCheck, address: string) {
    this.#client = client
    this.#recorder = recorder
    this.#check = check
    this.#address = address
    client.on('request' as 'response', () => this.#request())
    client.on('headers', (message) => this.#headers(message as unknown as ParsedHead))
    client.on('response', () => this.#response())
    client.on('connError' as 'body', (error: unknown) => this.#connectionError(error as Error))
    client.on('timeout' as 'body', () => this.#recorder.error(`no response from ${address} in time`))
    client.on('done' as 'body', () => this.#done())
  }

  /** Lets the request in flight be answered; none follows. */
  finish(): void {
    this.#client.responseMax = 1
  }

  /** Ends the connection; a request on it counts as lost. */
  stop(): void {
    if (this.#ended) return
    if (this.#inFlight) this.#recorder.error(`no response from ${this.#address} before the turn ended`)
    else if (this.#fresh) this.#recorder.error(`not connected to ${this.#address} when the turn ended`)
    this.#client.destroy()
  }

  /** Emitted right before the write, also for the first request of a connection that is not connected yet. */
  #request(): void {
    if (this.#client.conn === this.#conn) this.#written()
    else this.#newConnection(this.#client.conn)
  }

  #written(): void {
    this.#recorder.sent++
    this.#inFlight = true
    this.#sentAtNs = process.hrtime.bigint()
  }

  #newConnection(conn: Socket): void {
    if (this.#conn) this.#retire(this.#conn)
    this.#conn = conn
    this.#fresh = true
    // The write waits for the connection; our listener was added first, so it runs right before it.
    conn.once('connect', () => {
      if (this.#conn !== conn) return
      if (this.#everConnected) this.#recorder.reconnects++
      this.#everConnected = true
      this.#written()
    })
    if (this.#losses >= maxLosses) {
      this.#recorder.addTo('gaveUp', 1)
      this.finish()
    }
  }

  /**
   * autocannon leaves the old socket's listeners, the queue of pending requests and the parser as they are: without
   * this, a late error would open a second connection, and every later response would be taken for its predecessor.
   */
  #retire(conn: Socket): void {
    this.#countBytes(conn)
    for (const event of ['data', 'end', 'error']) conn.removeAllListeners(event)
    conn.on('error', () => {})
    conn.destroy()
    this.#client.pipelinedRequests.clear()
    this.#client.parser.reinitialize(this.#client.parser.type)
    this.#loseRequest()
    if (this.#fresh) this.#losses++
  }

  #headers({ statusCode, headers }: ParsedHead): void {
    let cluster = ''
    let pod = ''
    this.#bodyBytes = unknownLength
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const name = (headers[i] as string).toLowerCase()
      const value = headers[i + 1] as string
      if (name === answerHeaders.cluster) cluster = value
      else if (name === answerHeaders.pod) pod = value
      else if (name === 'content-length') this.#bodyBytes = Number(value)
    }
    const last = this.#head
    if (last.status !== statusCode || last.cluster !== cluster || last.pod !== pod) {
      this.#head = { status: statusCode, cluster, pod }
    }
  }

  #response(): void {
    const ns = Number(process.hrtime.bigint() - this.#sentAtNs)
    if (!this.#inFlight) {
      this.#recorder.error(`${this.#address} answered without being asked`)
      return
    }
    this.#inFlight = false
    if (this.#check.accept(this.#head, this.#bodyBytes)) {
      if (this.#fresh) this.#recorder.cold.record(ns)
      else this.#recorder.recordWarm(ns)
    }
    this.#fresh = false
    this.#losses = 0
  }

  #connectionError(error: Error): void {
    this.#recorder.error(`connection to ${this.#address} failed: ${error.message}`)
  }

  #done(): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#conn) this.#countBytes(this.#conn)
    this.#loseRequest()
  }

  #loseRequest(): void {
    if (this.#inFlight) this.#recorder.note(`${this.#address} closed a connection before it answered`)
    this.#inFlight = false
  }

  #countBytes(conn: Socket): void {
    this.#recorder.bytesSent += conn.bytesWritten
    this.#recorder.bytesReceived += conn.bytesRead
  }
}

/** `headers` event of autocannon: http-parser-js's message head, names and values alternating. */
interface ParsedHead {
  readonly statusCode: number
  readonly headers: readonly string[]
}
