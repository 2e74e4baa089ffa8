import { fileURLToPath } from 'node:url'
import { agentProtocolVersion, type ServeConfig, type ServeMessage } from '../agent/protocol.ts'
import type { Command } from '../backends/backend.ts'
import { start } from '../process/exec.ts'
import { JsonLinesProcess } from '../process/json-lines-process.ts'

const agentFile = fileURLToPath(new URL('../../dist/agent.mjs', import.meta.url))
const startTimeoutMs = 10_000
const endWithinMs = 2000

type ListeningMessage = Extract<ServeMessage, { type: 'listening' }>

/** The agent on this host, outside any testbed. */
export function localAgentCommand(mode: 'serve' | 'load'): Command {
  return { file: process.execPath, args: [agentFile, mode], inherit: false }
}

/** An echo server on loopback. */
export interface LocalServer {
  readonly host: string
  readonly port: number
  /** @throws HopmeterError when it has ended: what was measured since is not to be believed. */
  assertRunning(): void
  stop(): Promise<void>
}

/** Starts an echo server on a free loopback port. @throws HopmeterError when it does not listen. */
export async function startLocalServer(
  name: string,
  faults: Pick<ServeConfig, 'faults' | 'faultsByPath'> = {},
): Promise<LocalServer> {
  const { file, args } = localAgentCommand('serve')
  const server = new JsonLinesProcess('echo server', start(file, args, { inherit: false }))
  const config: ServeConfig = {
    type: 'serve',
    version: agentProtocolVersion,
    host: '127.0.0.1',
    port: 0,
    cluster: 'local',
    pod: name,
    ...faults,
  }
  const { host, port } = await server.ask<ListeningMessage>(config, 'listening', {
    timeoutMs: startTimeoutMs,
  })
  return {
    host,
    port,
    assertRunning: () => server.assertRunning(),
    stop: () => server.end(endWithinMs),
  }
}
