// The companion of a real ztunnel as a program: one JSON line in for its configuration, JSON lines out. See protocol.ts.
import { readLines } from '../../../../process/lines.ts'
import { startCompanion, type Companion } from './companion.ts'
import type { CompanionConfig, CompanionMessage, CompanionRequest } from './protocol.ts'

let companion: Promise<Companion> | undefined

function send(message: CompanionMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

/** An ordinary exit would wait for the thread that waits for the next ztunnel. */
function end(): void {
  process.kill(process.pid, 'SIGKILL')
}

function fail(error: unknown): void {
  send({ type: 'error', message: error instanceof Error ? error.message : String(error) })
  end()
}

async function onLine(line: string): Promise<void> {
  if (!companion) {
    companion = startCompanion(JSON.parse(line) as CompanionConfig)
    await companion
    send({ type: 'listening' })
    return
  }
  const running = await companion
  const { type } = JSON.parse(line) as CompanionRequest
  send(await (type === 'state' ? running.state() : running.read()))
}

process.on('uncaughtException', fail)
process.on('SIGTERM', end)
// Ctrl-C reaches the whole foreground group, but our parent still needs us until it has ended its run.
process.on('SIGINT', () => {})
readLines(process.stdin, (line) => void onLine(line).catch(fail), { onEnd: end })
