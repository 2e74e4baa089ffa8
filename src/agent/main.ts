import { writeLine } from '../process/lines.ts'
import { dial } from './dial.ts'
import { load } from './load.ts'
import { serve } from './serve.ts'
import { attach, serveVariable, standAsServer } from './standing-server.ts'

/**
 * The agent's entry point: `serve` answers requests, `load` sends them, `attach` asks a server that stands, `dial` opens
 * connections for a `load` in another network.
 */
async function main(mode: string | undefined): Promise<void> {
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())
  // Whoever started us may be gone; then there is nobody to tell.
  process.stdout.on('error', () => stop.abort())
  const standing = process.env[serveVariable]
  if (mode === 'serve' && standing !== undefined) await standAsServer(standing, process.stdout, stop.signal)
  else if (mode === 'serve') await serve(process.stdin, process.stdout, stop.signal)
  else if (mode === 'load') await load(process.stdin, process.stdout, stop.signal)
  else if (mode === 'dial') await dial()
  else if (mode === 'attach') await attach(standing ?? '', process.stdin, process.stdout, stop.signal)
  else
    throw new Error(
      'usage: agent serve | agent load | agent attach, with one JSON object per line on standard input; agent dial is started by agent load',
    )
}

function fail(error: unknown): void {
  writeLine(process.stdout, {
    type: 'error',
    message: error instanceof Error ? error.message : String(error),
  })
  process.exit(1)
}

// Whoever started us shall read a reason, not a stack.
process.on('uncaughtException', fail)
main(process.argv[2]).then(() => process.exit(0), fail)
