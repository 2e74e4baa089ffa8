import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
import { agentProtocolVersion, answerHeaders, pathHeader } from './protocol.ts'

const agentFile = path.join(import.meta.dirname, '../../dist/agent.mjs')
const running = new Set<ChildProcess>()

afterEach(async () => {
  for (const child of running) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }
  running.clear()
})

function agent(mode: string, config: string) {
  const child = spawn(process.execPath, [agentFile, mode], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, HOPMETER_SERVE: config },
  })
  running.add(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    next: async () => JSON.parse(String((await lines.next()).value)) as Record<string, unknown>,
  }
}

test('a server told by its environment outlives its input and tells its counters to whoever attaches', async () => {
  const pod = `standing-${process.pid}`
  const config = JSON.stringify({
    type: 'serve',
    version: agentProtocolVersion,
    host: '127.0.0.1',
    port: 0,
    cluster: 'east',
    pod,
  })
  const server = agent('serve', config)
  const { port } = await server.next()
  server.child.stdin.end()

  const answer = await fetch(`http://127.0.0.1:${String(port)}/`, { headers: { [pathHeader]: 'p' } })
  await answer.text()
  expect(answer.headers.get(answerHeaders.pod)).toBe(pod)

  const attached = agent('attach', config)
  expect(await attached.next()).toMatchObject({ type: 'listening', port })
  attached.child.stdin.write('{"type":"stats"}\n')
  expect(await attached.next()).toMatchObject({ type: 'stats', served: { p: 1 } })
  attached.child.stdin.end()
  expect(await once(attached.child, 'exit')).toEqual([0, null])

  server.child.kill('SIGTERM')
  expect(await once(server.child, 'exit')).toEqual([0, null])
})

test('attaching where no server stands fails with a message', async () => {
  const config = JSON.stringify({
    type: 'serve',
    version: agentProtocolVersion,
    host: '127.0.0.1',
    port: 1,
    cluster: 'east',
    pod: `nobody-${process.pid}`,
  })
  const attached = agent('attach', config)
  expect(await attached.next()).toMatchObject({ type: 'error' })
  expect(await once(attached.child, 'exit')).toEqual([1, null])
})
