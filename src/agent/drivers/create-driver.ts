import { ConnectDriver } from './connect.ts'
import type { Driver, DriverSettings } from './driver.ts'
import { OpenLoopDriver } from './open.ts'
import { PingPongDriver } from './pingpong.ts'

/** The driver of a load profile. */
export async function createDriver(settings: DriverSettings): Promise<Driver> {
  const { load } = settings
  if (load.profile === 'pingpong') return new PingPongDriver({ ...settings, load })
  if (load.profile === 'open') return new OpenLoopDriver({ ...settings, load })
  if (load.profile === 'connect') return new ConnectDriver({ ...settings, load })
  // autocannon takes a while to load, and nothing else needs it.
  const { ClosedLoopDriver } = await import('./closed.ts')
  return new ClosedLoopDriver({ ...settings, load })
}
