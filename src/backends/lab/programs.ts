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
 * Flags of Node for all of them. V8 compiles a function once it has run for long enough. With its defaults the last proxy
 * of a chain settles after ten seconds of requests, and every restart would have to wait for that; an eighth of it takes one
 * second and ends at the same level (docs/measurement.md, "Warm means warm").
 * @param v8 `process.versions.v8`: Node ends at once at a flag that its V8 does not know, and V8 renames these. Up to 11
 *   (Node 20) it counts bytes of code, in 12 and 13 (Node 22, 24) calls; later ones get no flag, and settle later.
 */
export function warmSoonFlags(v8: string): readonly string[] {
  const major = Number.parseInt(v8, 10)
  const eagerly = '--no-lazy-feedback-allocation'
  if (major < 12) return ['--interrupt-budget=8000', eagerly]
  if (major >= 14) return []
  return [
    '--invocation-count-for-turbofan=100',
    '--invocation-count-for-osr=50',
    // V8 waits for so many calls after a call site has met another type, which first requests do all the time.
    '--minimum-invocations-after-ic-update=20',
    eagerly,
  ]
}

/** Those for the Node that runs this, which starts the programs, too. */
export const warmSoon = warmSoonFlags(process.versions.v8)

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
