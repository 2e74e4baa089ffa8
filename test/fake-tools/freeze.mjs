// Control planes and kubelets that stand still: what runs in a node to stop them, and who notices.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { withModel } from './model.mjs'

/** Whether the processes of a node that keep its cluster running are stopped. */
export function isFrozen(model, node) {
  return model.containers[node]?.frozen === true
}

export function setFrozen(model, node, frozen) {
  const found = model.containers[node]
  if (found) found.frozen = frozen
}

/**
 * The guard script inside of a node: stops and continues on request, and continues when its input ends. It is a process
 * of the node and not of Docker's client, whose end it sees as the end of its input.
 */
export function runGuard(folder, node) {
  const inNode = [import.meta.filename, folder, node]
  const child = spawn(process.execPath, inNode, { detached: true, stdio: ['pipe', 'inherit', 'inherit'] })
  process.stdin.pipe(child.stdin)
  child.stdin.on('error', () => {})
  child.on('exit', (code) => process.exit(code ?? 1))
}

async function guard(folder, node) {
  const set = (frozen) => withModel(folder, (model) => setFrozen(model, node, frozen))
  const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)
  say({ type: 'ready' })
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.includes('"freeze"')) {
      set(true)
      say({ type: 'frozen', processes: 9 })
    } else if (line.includes('"thaw"')) {
      set(false)
      say({ type: 'thawed', atS: Date.now() / 1000, expired: false })
    }
  }
  set(false)
}

if (process.argv[1] === import.meta.filename) {
  // Nobody reads what it says once the client is gone.
  process.stdout.on('error', () => {})
  await guard(process.argv[2], process.argv[3])
}
