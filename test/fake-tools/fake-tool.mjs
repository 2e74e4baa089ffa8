// One program that plays kind, docker, kubectl or istioctl; tests put shell scripts that call it first on PATH.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { docker } from './docker.mjs'
import { runAgent } from './exec-in-pod.mjs'
import { runGuard } from './freeze.mjs'
import { istioctl } from './istioctl.mjs'
import { kind } from './kind.mjs'
import { kubectl, reach } from './kubectl.mjs'
import { ToolFailure, withModel } from './model.mjs'
import { reachOnNode } from './on-node.mjs'

const tools = { docker, istioctl, kind, kubectl }

/** How long after one request to an API a tool sends its next. */
const requestMs = 10

/**
 * One call against the model in `folder`. Where others may come between two requests of a tool, it gives the rest of
 * itself as a function. @throws ToolFailure
 */
export async function fakeTool(folder, name, args, input, signal) {
  let answer = withModel(folder, (model) => tools[name](model, args, input))
  while (typeof answer === 'function') {
    await sleep(requestMs, undefined, { signal })
    answer = withModel(folder, answer)
  }
  return answer
}

/** The same for tools that send one request only. */
export function fakeToolAtOnce(folder, name, args, input) {
  return withModel(folder, (model) => tools[name](model, args, input))
}

function recordCall(folder, name, args) {
  const { HOME, KUBECONFIG, KIND_EXPERIMENTAL_PROVIDER: provider } = process.env
  const call = { name, args, HOME, KUBECONFIG, provider }
  appendFileSync(path.join(folder, 'calls.ndjson'), `${JSON.stringify(call)}\n`)
}

async function main() {
  const folder = process.env.HOPMETER_FAKE_TOOLS
  const [name, ...args] = process.argv.slice(2)
  recordCall(folder, name, args)
  try {
    const fault = faultFor(folder, name, args)
    if (fault === 'hang') {
      setInterval(() => {}, 1000)
      return
    }
    if (fault === 'rubbish') {
      process.stdout.write('\u0007 <html>not what you asked for</html>\n')
      return
    }
    if (fault === 'fail') throw new ToolFailure('injected failure', 1)
    if (name === 'kubectl' && args.includes('exec') && args.includes('--stdin')) {
      await runAgent(folder, (model) => reach(model, args))
      return
    }
    if (name === 'docker' && args[0] === 'exec' && args[1] === '--interactive') {
      const [node, program, ...rest] = args.slice(2)
      if (program === 'crictl') return await runAgent(folder, (model) => reachOnNode(model, node, rest))
      if (program === 'bash') return runGuard(folder, node)
    }
    const needsInput = args.includes('-') || args.includes('--interactive') || args.includes('-batch')
    const input = needsInput ? readFileSync(0, 'utf8') : ''
    process.stdout.write(`${await fakeTool(folder, name, args, input)}\n`)
  } catch (error) {
    process.stderr.write(`${error.stderr ?? error.stack}\n`)
    process.exitCode = error.code ?? 1
  }
}

/** `faults.json`: `[{ name, words, fault }]`; the first that matches the call strikes. */
function faultFor(folder, name, args) {
  const file = path.join(folder, 'faults.json')
  if (!existsSync(file)) return undefined
  const text = args.join(' ')
  return JSON.parse(readFileSync(file, 'utf8')).find(
    (fault) => fault.name === name && text.includes(fault.words),
  )?.fault
}

if (process.argv[1] === import.meta.filename) await main()
