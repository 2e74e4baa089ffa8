import { integer } from '../fields.ts'
import type { ClosedLoad } from './closed-slot.ts'
import { maxConnections, type DriverModule } from './driver.ts'

export const closed: DriverModule<ClosedLoad> = {
  read: (of, sizes) => ({
    profile: 'closed',
    connections: integer(of, 'connections', 1, maxConnections),
    ...sizes,
  }),
  // autocannon takes a while to load, and nothing else needs it.
  create: async (settings) => new (await import('./closed-loop.ts')).ClosedLoopDriver(settings),
}
