/** How requests ended: `sent = received + bad + errors + lost`, and none is counted twice. */
export interface Outcomes {
  readonly sent: number
  readonly received: number
  readonly bad: number
  readonly errors: number
  readonly lost: number
}

export const outcomeKinds = ['received', 'bad', 'errors', 'lost'] as const

/**
 * The outcomes of one path in one round. Results of hopmeter 0.1 counted a time-out both as an error and as lost, and
 * requests that got no connection as errors but not as sent; here each is counted once.
 */
export function outcomesOf({ sent, received, bad, errors, lost }: Outcomes): Outcomes {
  if (sent === received + bad + errors + lost) return { sent, received, bad, errors, lost }
  const unsent = Math.max(0, errors - lost)
  return { sent: received + bad + lost + unsent, received, bad, errors: unsent, lost }
}

/** The outcomes of several rounds together. */
export function sumOutcomes(all: readonly Outcomes[]): Outcomes {
  const sum = { sent: 0, received: 0, bad: 0, errors: 0, lost: 0 }
  for (const outcomes of all.map(outcomesOf)) {
    sum.sent += outcomes.sent
    for (const kind of outcomeKinds) sum[kind] += outcomes[kind]
  }
  return sum
}

/** Requests that have no right answer. */
export function failedOf({ bad, errors, lost }: Outcomes): number {
  return bad + errors + lost
}
