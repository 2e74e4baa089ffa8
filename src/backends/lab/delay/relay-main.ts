// Delays packets between the lab's networks where the kernel has no netem. See protocol.ts.
import { constants, setPriority } from 'node:os'
import { isMainThread } from 'node:worker_threads'
import { serveAlarms } from './alarm.ts'
import type { DelayConfig, DelayMessage } from './protocol.ts'
import { startRelay } from './relay.ts'
import { medianRoundTripMs } from './round-trip.ts'

async function main(config: DelayConfig): Promise<void> {
  if (config.role === 'relay') {
    hurry()
    await startRelay(config, new URL(import.meta.url))
    send({ type: 'listening' })
    return
  }
  send({ type: 'round-trip', medianMs: await medianRoundTripMs(config) })
}

function send(message: DelayMessage, then?: () => void): void {
  process.stdout.write(`${JSON.stringify(message)}\n`, then)
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  send({ type: 'error', message }, () => process.exit(1))
}

/** A link does not wait for a CPU. Only real root may ask for this; elsewhere packets come a little later. */
function hurry(): void {
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST)
  } catch {
    // stays at the priority of everything else
  }
}

function readConfig(): void {
  let text = ''
  let started = false
  process.stdin.setEncoding('utf8')
  process.stdin.on('data', (chunk: string) => {
    text += chunk
    const end = text.indexOf('\n')
    if (started || end === -1) return
    started = true
    main(JSON.parse(text.slice(0, end)) as DelayConfig).catch(fail)
  })
  process.stdin.on('end', () => process.exit())
}

if (isMainThread) {
  process.on('uncaughtException', fail)
  readConfig()
} else serveAlarms()
