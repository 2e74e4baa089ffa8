// Delays packets between the lab's networks where the kernel has no netem. See protocol.ts.
import type { DelayConfig, DelayMessage } from './protocol.ts'
import { startRelay } from './relay.ts'
import { medianRoundTripMs } from './round-trip.ts'

async function main(config: DelayConfig): Promise<void> {
  if (config.role === 'relay') {
    await startRelay(config)
    send({ type: 'listening' })
    return
  }
  send({ type: 'round-trip', medianMs: await medianRoundTripMs(config) })
}

function send(message: DelayMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

function fail(error: unknown): void {
  send({ type: 'error', message: error instanceof Error ? error.message : String(error) })
  process.exitCode = 1
  process.stdin.destroy()
}

let text = ''
let started = false
process.stdin.setEncoding('utf8')
process.stdin.on('data', (chunk: string) => {
  if (started) return
  text += chunk
  const end = text.indexOf('\n')
  if (end === -1) return
  started = true
  main(JSON.parse(text.slice(0, end)) as DelayConfig).catch(fail)
})
process.stdin.on('end', () => process.exit())
