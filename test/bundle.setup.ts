import { bundle } from '../scripts/bundle.mjs'

/** Tests run the agent and the lab components as users do: bundled. */
export async function setup(): Promise<void> {
  await bundle()
}
