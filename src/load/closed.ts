import { z } from 'zod'
import type { ClosedLoad } from '../agent/drivers/closed-slot.ts'
import { plural } from '../plural.ts'
import { firstOfConnection, latency } from './metric.ts'
import { overConnections, payloadFields, type LoadProfile } from './profile.ts'

const written = z.strictObject({
  profile: z
    .literal('closed')
    .describe('Connections that send the next request as soon as the last is answered.'),
  connections: z
    .array(z.int().min(1).max(1024))
    .min(1)
    .max(16)
    .describe('Numbers of concurrent connections to try, one after the other.')
    .default([16]),
  ...payloadFields,
})

/** A sweep over numbers of connections. */
type ClosedLoads = Omit<ClosedLoad, 'connections'> & { readonly connections: readonly number[] }

export const closed: LoadProfile<typeof written, ClosedLoads, ClosedLoad> = {
  written,
  fromWritten: (load) => load,
  fromProbe: ({ connections }) => ({ profile: 'closed', connections }),
  stepsOf: (load) => load.connections.map((connections) => ({ ...load, connections })),
  idOf: ({ connections }) => `closed-c${connections}`,
  describe: ({ connections }, payload) => `closed with ${plural(connections, 'connection')} and ${payload}`,
  inWords: (load) => `closed loop${overConnections(load)}`,
  metrics: [latency, firstOfConnection],
  probed: ['latency'],
  hasTurnPerPath: true,
  hasOneInFlight: false,
  // It is there to saturate something; where that is the generator, the table of the sweep says so, row by row.
  mayBeBusy: true,
  connectsEachTime: false,
}
