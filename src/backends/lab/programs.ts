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
