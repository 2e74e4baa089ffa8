import { HopmeterError } from '../../../errors.ts'
import type { Delay } from '../../../scenario/types.ts'
import type { Anchor } from '../anchor.ts'
import { underlayHosts, type LabLayout } from '../layout.ts'
import { LineProcess } from '../line-process.ts'
import { delayRelayCommand } from './relay-program.ts'
import type { DelayMessage, RoundTripConfig } from './protocol.ts'

/** Nothing in the lab listens on the discard port. */
const closedPort = 9
const probes = 11
/** A link may be slower than asked for, never faster; timers are rounded. */
const tolerance = 0.98

/**
 * Measures the round trip between networks that a delay lies between, for the result's facts.
 * @throws HopmeterError when a link is faster than its delay, that is, when the delay does not work.
 */
export async function verifyDelays(
  anchor: Anchor,
  layout: LabLayout,
  delays: readonly Delay[],
  progress: (message: string) => void,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  if (delays.length > 0) progress('measure the delay between networks')
  const measured = await Promise.all(
    delays.map(async ({ between: [a, b], rttMs }): Promise<[string, string]> => {
      const [from] = underlayHosts(layout).filter(({ cluster }) => cluster.network === a)
      const [to] = underlayHosts(layout).filter(({ cluster }) => cluster.network === b)
      if (!from || !to)
        throw new HopmeterError(`a delay names the network "${a}" or "${b}", which has no cluster`)
      const config: RoundTripConfig = { role: 'round-trip', host: to.ip, port: closedPort, count: probes }
      const link = `${a} to ${b}`
      const medianMs = await measure(anchor, from.netns, link, config, signal)
      if (medianMs < rttMs * tolerance) {
        throw new HopmeterError(
          `the link ${link} takes ${medianMs.toFixed(2)} ms, less than its delay of ${rttMs} ms`,
        )
      }
      return [`rtt ${link}`, `${medianMs.toFixed(2)} ms (asked for ${rttMs} ms)`]
    }),
  )
  return Object.fromEntries(measured)
}

async function measure(
  anchor: Anchor,
  netns: string,
  link: string,
  config: RoundTripConfig,
  signal: AbortSignal,
): Promise<number> {
  const answer = await LineProcess.once<Extract<DelayMessage, { type: 'round-trip' }>>(
    anchor,
    `round trip ${link}`,
    delayRelayCommand(netns),
    config,
    'round-trip',
    signal,
  )
  return answer.medianMs
}
