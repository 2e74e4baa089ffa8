import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { HopmeterError } from '../../../errors.ts'

const agentFile = fileURLToPath(new URL('../../../../dist/agent.mjs', import.meta.url))

/** Source of the bundled agent. @throws HopmeterError when it is not built. */
export function agentText(): string {
  try {
    return readFileSync(agentFile, 'utf8')
  } catch (cause) {
    throw new HopmeterError("agent.mjs is missing beside hopmeter's own code", {
      cause,
      hint: 'npm run build',
    })
  }
}
