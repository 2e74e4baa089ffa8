import { z } from 'zod'
import type { ConnectLoad } from '../agent/drivers/connect.ts'
import { cold } from './metric.ts'
import { payloadFields, type LoadProfile } from './profile.ts'

const written = z.strictObject({
  profile: z.literal('connect').describe('A new TCP connection for every request.'),
  ...payloadFields,
})

export const connect: LoadProfile<typeof written, ConnectLoad, ConnectLoad> = {
  written,
  fromWritten: (load) => load,
  fromProbe: () => ({ profile: 'connect' }),
  stepsOf: (load) => [load],
  idOf: () => 'connect',
  describe: (_, payload) => `connect with ${payload}`,
  inWords: () => 'a new connection for each request',
  metrics: [
    { name: 'connect', series: 'connect', title: 'start of connecting to connected', isDefault: true },
    { name: 'first-byte', series: 'firstByte', title: 'start of connecting to first byte', isDefault: true },
    { name: 'total', series: 'warm', title: 'start of connecting to last byte', isDefault: true },
    {
      ...cold,
      title: 'start of connecting to last byte, first connection after the testbed stood: tunnels are cold',
      isDefault: true,
    },
    { name: 'wait', series: 'wait', title: 'connected to first byte', isDefault: false },
  ],
  probed: ['total', 'connect', 'first-byte'],
  hasTurnPerPath: false,
  hasOneInFlight: true,
  mayBeBusy: false,
  connectsEachTime: true,
}
