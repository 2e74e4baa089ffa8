import { closed } from './closed.ts'
import { connect } from './connect.ts'
import type { Driver, DriverModule, DriverSettings } from './driver.ts'
import { open } from './open.ts'
import { pingpong } from './pingpong.ts'

/** A driver for each load profile. What everyone else knows of a profile is in `src/load`. */
export const drivers = { pingpong, closed, open, connect }

/**
 * How requests are sent, as the agent is told. `requestBytes` and `responseBytes` are body sizes. The drivers' own
 * documentation says what exactly each profile measures.
 */
export type DriverLoad = ReturnType<(typeof drivers)[keyof typeof drivers]['read']>

export const driverNames = Object.keys(drivers) as (keyof typeof drivers)[]

/** The driver of a load profile. */
export async function createDriver(settings: DriverSettings<DriverLoad>): Promise<Driver> {
  const driver: DriverModule<DriverLoad> = drivers[settings.load.profile]
  return await driver.create(settings)
}
