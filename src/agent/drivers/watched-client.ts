import type { Socket } from 'node:net'
import type autocannon from 'autocannon'
import { socketErrorText } from '../channels/socket-error.ts'
import type { PathRecorder } from '../path-recorder.ts'
import { Http1AnswerReader } from '../wire/http1-answer-reader.ts'
import type { Http1ResponseHead } from '../wire/http1-response-parser.ts'
import type { AnswerCheck } from './answer-check.ts'

const nextRequest = '_doRequest'
const nextConnection = '_resetConnection'

/** What autocannon 9.0.0 gives its `setupClient` hook, as far as we use it (lib/httpClient.js). */
export interface AutocannonClient extends autocannon.Client {
  /** The current socket. */
  conn: Socket
  /** The client ends itself in place of the next request once it has sent this many. */
  responseMax: number
  /** Gets every chunk that arrives; autocannon hangs its handlers on it. */
  parser: { execute(chunk: Buffer): void }
  pipelinedRequests: { clear(): void }
  /** Writes the next request. */
  [nextRequest](): void
  /** Ends the connection and opens another, with a request. */
  [nextConnection](): void
  destroy(): void
}

/** autocannon reconnects at once, so a path that is down would spin. */
const maxLosses = 5

/**
 * Follows one client of autocannon, which opens its connections and keeps them busy, and reads their answers in its
 * place: autocannon's parser takes an interim answer for the final one, and its client asks again on a connection that
 * the server has said it will close. So nothing is counted from autocannon's own events for answers.
 */
export class WatchedClient {
  readonly #client: AutocannonClient
  readonly #recorder: PathRecorder
  readonly #check: AnswerCheck
  readonly #address: string
  #reader = new Http1AnswerReader()
  #conn: Socket | undefined
  #connected = false
  #everConnected = false
  #finishing = false
  #ended = false
  /** Nothing was answered on this connection yet. */
  #fresh = true
  #inFlight = false
  /** What autocannon gave up, until it says that it was for the time. */
  #givenUp: 'request' | 'connecting' | undefined
  #sentAtNs = 0n
  #losses = 0

  constructor(client: AutocannonClient, recorder: PathRecorder, check: AnswerCheck, address: string) {
    this.#client = client
    this.#recorder = recorder
    this.#check = check
    this.#address = address
    client.parser = { execute: (chunk) => this.#read(chunk) }
    client.on('request' as 'response', () => this.#request())
    client.on('connError' as 'body', (error: unknown) => this.#connectionError(error as Error))
    client.on('timeout' as 'body', () => this.#timedOut())
    client.on('done' as 'body', () => this.#done())
  }

  /** Lets the request in flight be answered; none follows. */
  finish(): void {
    this.#finishing = true
    this.#client.responseMax = 1
  }

  /** Ends the connection; a request on it counts as an error. */
  stop(): void {
    if (this.#ended) return
    if (this.#inFlight) {
      this.#inFlight = false
      this.#recorder.failed(`no response from ${this.#address} before the turn ended`)
    } else if (!this.#connected) {
      this.#recorder.unsent(`cannot connect to ${this.#address}: no answer when the turn ended`)
    }
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
    this.#reader = new Http1AnswerReader()
    this.#fresh = true
    this.#connected = false
    // The write waits for the connection; our listener was added first, so it runs right before it.
    conn.once('connect', () => {
      if (this.#conn !== conn) return
      this.#connected = true
      if (this.#everConnected) this.#recorder.reconnects++
      this.#everConnected = true
      this.#written()
    })
    // Before autocannon's own listener, which opens the next connection.
    conn.prependOnceListener('end', () => {
      if (this.#conn === conn) this.#endOfConnection()
    })
    if (this.#losses >= maxLosses) {
      this.#recorder.addTo('gaveUp', 1)
      this.finish()
    }
  }

  /**
   * autocannon leaves the old socket's listeners and the queue of pending requests as they are: without this, a late
   * error would open a second connection.
   */
  #retire(conn: Socket): void {
    this.#countBytes(conn)
    for (const event of ['data', 'end', 'error']) conn.removeAllListeners(event)
    conn.on('error', () => {})
    conn.destroy()
    this.#client.pipelinedRequests.clear()
    this.#giveUp()
    if (this.#fresh) this.#losses++
  }

  #giveUp(): void {
    if (this.#inFlight) this.#givenUp = 'request'
    else this.#givenUp = this.#connected ? undefined : 'connecting'
    this.#inFlight = false
  }

  #read(chunk: Buffer): void {
    const arrivedAtNs = process.hrtime.bigint()
    try {
      const head = this.#reader.push(chunk)
      if (!this.#inFlight) {
        // An answer that was not asked for must not become that of the next request.
        if (head || this.#reader.inside) this.#leave()
        return
      }
      if (!head) return
      this.#answered(head, arrivedAtNs)
      if (!head.keepAlive) this.#leave()
      else {
        this.#client.pipelinedRequests.clear()
        this.#client[nextRequest]()
      }
    } catch (error) {
      if (this.#inFlight) {
        this.#inFlight = false
        this.#recorder.bad++
        this.#recorder.note(error instanceof Error ? error.message : String(error))
      }
      this.#leave()
    }
  }

  /** Goes on with another connection. */
  #leave(): void {
    if (this.#finishing) this.#client.destroy()
    else this.#client[nextConnection]()
  }

  #answered(head: Http1ResponseHead, arrivedAtNs: bigint): void {
    this.#inFlight = false
    if (this.#check.accept(head, this.#reader.bodyBytes)) {
      const ns = Number(arrivedAtNs - this.#sentAtNs)
      if (this.#fresh) this.#recorder.cold.record(ns)
      else this.#recorder.recordWarm(ns)
    }
    this.#fresh = false
    this.#losses = 0
  }

  /** The server has closed in order, which ends an answer that has no other end. */
  #endOfConnection(): void {
    const arrivedAtNs = process.hrtime.bigint()
    const { inside } = this.#reader
    const head = this.#reader.end()
    if (head && this.#inFlight) this.#answered(head, arrivedAtNs)
    if (this.#inFlight) {
      this.#inFlight = false
      const when = inside ? 'in the middle of its answer' : 'before it answered'
      this.#recorder.note(`${this.#address} closed the connection ${when}`)
    }
    if (this.#finishing) this.#client.destroy()
  }

  /** Emitted before autocannon opens the next connection. */
  #connectionError(error: Error): void {
    const text = socketErrorText(error)
    if (this.#inFlight) {
      this.#inFlight = false // lost, as after a close
      this.#recorder.note(`connection to ${this.#address} failed: ${text}`)
    } else if (!this.#connected) {
      this.#recorder.unsent(`cannot connect to ${this.#address}: ${text}`)
      this.#connected = true // what became of it is known
    }
  }

  /** Emitted after autocannon has opened the next connection. */
  #timedOut(): void {
    const givenUp = this.#givenUp
    this.#givenUp = undefined
    if (givenUp === 'request') this.#recorder.failed(`no response from ${this.#address} in time`)
    if (givenUp === 'connecting')
      this.#recorder.unsent(`cannot connect to ${this.#address}: no answer in time`)
  }

  #done(): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#conn) this.#countBytes(this.#conn)
    this.#giveUp()
  }

  #countBytes(conn: Socket): void {
    this.#recorder.bytesSent += conn.bytesWritten
    this.#recorder.bytesReceived += conn.bytesRead
  }
}
