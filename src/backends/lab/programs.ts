import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { HopmeterError } from '../../errors.ts'

const dist = fileURLToPath(new URL('../../../dist/', import.meta.url))

/** Bundled programs that run inside the lab, each one file. */
export const programs = {
  agent: path.join(dist, 'agent.mjs'),
  component: path.join(dist, 'lab-component.mjs'),
  delayRelay: path.join(dist, 'lab-delay-relay.mjs'),
  ztunnelCompanion: path.join(dist, 'lab-ztunnel-companion.mjs'),
} as const

/**
 * Flags of Node for all of them. V8 compiles a function once it has run for so many bytes of code. With its defaults
 * the last proxy of a chain settles after ten seconds of requests, and every restart would have to wait for that; an
 * eighth of it takes one second and ends at the same level (docs/measurement.md, "Warm means warm").
 */
export const warmSoon = ['--interrupt-budget=8000', '--no-lazy-feedback-allocation'] as const

/** @throws HopmeterError when the programs are not built. */
export function requirePrograms(): void {
  for (const file of Object.values(programs)) {
    if (!existsSync(file)) {
      throw new HopmeterError(`${path.basename(file)} is missing beside hopmeter's own code`, {
        hint: 'npm run build',
      })
    }
  }
}
