import type { AnswerHead } from '../channels/channel.ts'
import type { Answerer, PathRecorder } from '../path-recorder.ts'
import type { ResponseCheck } from './driver.ts'

/** Judges the answers of one path and counts who gave them; an answer like the one before costs two comparisons. */
export class AnswerCheck {
  readonly #check: ResponseCheck
  readonly #responseBytes: number
  readonly #recorder: PathRecorder
  #head: AnswerHead | undefined
  #answerer: Answerer | undefined
  #headOk = false

  constructor(check: ResponseCheck, responseBytes: number, recorder: PathRecorder) {
    this.#check = check
    this.#responseBytes = responseBytes
    this.#recorder = recorder
  }

  /** True when the answer is as it should be; it is counted as received or bad. */
  accept(head: AnswerHead, bodyBytes: number): boolean {
    if (head !== this.#head) this.#remember(head)
    const ok = this.#headOk && (this.#check === 'status' || bodyBytes === this.#responseBytes)
    if (ok) {
      this.#recorder.received++
      if (this.#answerer) this.#answerer.count++
    } else {
      this.#recorder.bad++
      this.#recorder.note(this.#whyBad(head, bodyBytes))
    }
    return ok
  }

  #remember(head: AnswerHead): void {
    const { status, cluster, pod } = head
    this.#head = head
    const named = cluster !== '' && pod !== ''
    this.#headOk = this.#check === 'status' ? status >= 200 && status < 300 : status === 200 && named
    this.#answerer = named ? this.#recorder.answerer(cluster, pod) : undefined
  }

  #whyBad({ status }: AnswerHead, bodyBytes: number): string {
    if (this.#headOk) return `a body of ${bodyBytes} bytes instead of ${this.#responseBytes}`
    return status === 200 ? 'a response that does not name its cluster and pod' : `status ${status}`
  }
}
