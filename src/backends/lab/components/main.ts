// A component of the lab as a program: one JSON line in for its configuration, JSON lines out. See protocol.ts.
import { startComponent } from './component.ts'
import { FlowTable } from './flow-table.ts'
import type { ComponentConfig, ComponentMessage, ComponentRequest } from './protocol.ts'

const flows = new FlowTable()
let started = false

function send(message: ComponentMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

function fail(error: unknown): void {
  send({ type: 'error', message: error instanceof Error ? error.message : String(error) })
  process.exit(1)
}

function onLine(line: string): void {
  if (!started) {
    started = true
    startComponent(JSON.parse(line) as ComponentConfig, flows).then(() => send({ type: 'listening' }), fail)
  } else if ((JSON.parse(line) as ComponentRequest).type === 'flows') {
    send({ type: 'flows', flows: flows.snapshot(), failures: flows.failures() })
  }
}

process.on('uncaughtException', fail)
process.on('SIGTERM', () => process.exit(0))
// Ctrl-C reaches the whole foreground group, but our parent still needs us until it has ended its run.
process.on('SIGINT', () => {})

let rest = ''
process.stdin.setEncoding('utf8')
process.stdin.on('data', (text: string) => {
  const lines = (rest + text).split('\n')
  rest = lines.pop() ?? ''
  for (const line of lines) onLine(line)
})
process.stdin.on('end', () => process.exit(0))
