import { z } from 'zod'
import type { PingPongLoad } from '../agent/drivers/pingpong.ts'
import { firstOfConnection, latency } from './metric.ts'
import { payloadFields, type LoadProfile } from './profile.ts'

const written = z.strictObject({
  profile: z.literal('pingpong').describe('One request in flight per path, on a persistent connection.'),
  protocol: z.enum(['http1', 'http2', 'tcp']).describe('What the application speaks.').default('http1'),
  ...payloadFields,
})

export const pingpong: LoadProfile<typeof written, PingPongLoad, PingPongLoad> = {
  written,
  fromWritten: (load) => load,
  fromProbe: ({ protocol, busyPoll }) => ({ profile: 'pingpong', protocol, busyPoll }),
  stepsOf: (load) => [load],
  idOf: ({ protocol }) => (protocol === 'http1' ? 'pingpong' : `pingpong-${protocol}`),
  describe: ({ protocol }, payload) => `pingpong over ${protocol} with ${payload}`,
  inWords: () => 'one request in flight, connections reused',
  metrics: [latency, firstOfConnection],
  probed: ['latency'],
  hasTurnPerPath: false,
  hasOneInFlight: true,
  // With one request in flight a busy loop delays nobody: it is the request.
  mayBeBusy: true,
  connectsEachTime: false,
}
