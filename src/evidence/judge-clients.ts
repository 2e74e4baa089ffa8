import type { AnswerCount } from '../agent/protocol.ts'
import type { PathEvidence } from '../results/schema.ts'

const severity = { proven: 0, unproven: 1, mismatch: 2 } as const satisfies Record<
  PathEvidence['verdict'],
  number
>

/**
 * Evidence of a path that several client pods send over, from the evidence of each: proven only where each is. What is
 * kept is the worst pod's, with its hops; answers are those to all pods. Pods are named by their place, from 1, as
 * their own names are made up anew with each testbed.
 * @param perPod in the order of the pods; at least one
 */
export function judgeClients(
  perPod: readonly PathEvidence[],
  answeredBy: readonly AnswerCount[],
): PathEvidence {
  const worst = perPod.toSorted((a, b) => severity[b.verdict] - severity[a.verdict])[0]
  if (!worst) throw new RangeError('a client has at least one pod')
  const saying = new Map<string, number[]>()
  for (const [i, { reasons }] of perPod.entries())
    for (const reason of new Set(reasons)) saying.set(reason, [...(saying.get(reason) ?? []), i + 1])
  const reasons = [...saying].map(([reason, pods]) =>
    pods.length === perPod.length
      ? reason
      : `client pod${pods.length === 1 ? '' : 's'} ${pods.join(', ')} of ${perPod.length}: ${reason}`,
  )
  return { ...worst, clients: perPod.length, answeredBy: [...answeredBy], reasons }
}
