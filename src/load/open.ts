import { z } from 'zod'
import type { OpenLoad } from '../agent/drivers/open.ts'
import { plural } from '../plural.ts'
import { firstOfConnection } from './metric.ts'
import { overConnections, payloadFields, type LoadProfile } from './profile.ts'

const written = z.strictObject({
  profile: z.literal('open').describe('A constant mean rate that does not wait for answers.'),
  rate: z.number().min(0.1).max(1_000_000).describe('Requests per second.'),
  connections: z.int().min(1).max(1024).describe('Connections that share the rate.').default(16),
  ...payloadFields,
})

export const open: LoadProfile<typeof written, OpenLoad, OpenLoad> = {
  written,
  fromWritten: ({ rate, ...load }) => ({ ...load, ratePerSecond: rate }),
  fromProbe: ({ connections, ratePerSecond }) => ({ profile: 'open', connections, ratePerSecond }),
  stepsOf: (load) => [load],
  idOf: ({ ratePerSecond }) => `open-r${ratePerSecond}`,
  describe: ({ ratePerSecond }, payload) => `open at ${ratePerSecond}/s with ${payload}`,
  inWords: (load) => {
    const { ratePerSecond: rate } = load
    return `open loop${rate === undefined ? '' : `, ${plural(rate, 'request')} per second`}${overConnections(load)}`
  },
  metrics: [
    { name: 'response', series: 'response', title: 'intended time to last byte', isDefault: true },
    { name: 'service', series: 'warm', title: 'write to last byte', isDefault: true },
    { name: 'lag', series: 'lag', title: 'intended time to write', isDefault: true },
    firstOfConnection,
  ],
  probed: ['service', 'response'],
  hasTurnPerPath: false,
  hasOneInFlight: false,
  // Requests leave late when the generator is busy.
  mayBeBusy: false,
  connectsEachTime: false,
}
