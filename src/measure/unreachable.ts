import { clientPodsOf, type Testbed } from '../backends/backend.ts'
import type { PlannedPath } from '../plan/plan-scenario.ts'
import type { UnreachableEvent } from '../results/schema.ts'
import { AgentGroup } from './agent-group.ts'

const tryForMs = 1000
const timeoutMs = 2000

/** Sends requests over a path that the path rule says cannot exist, and reports what came of it. */
export async function tryUnreachable(
  testbed: Testbed,
  path: PlannedPath,
  build: number,
  signal: AbortSignal,
): Promise<UnreachableEvent> {
  const startedAt = new Date()
  const startedMs = performance.now()
  const load = { profile: 'pingpong', protocol: 'http1', requestBytes: 16, responseBytes: 16 } as const
  const target = { path: path.name, ...testbed.target(path) }
  const pods = clientPodsOf(testbed, path.clientWorkload)
  const agents = await AgentGroup.open(pods, { load, timeoutMs }, [target], signal)
  const stop = () => agents.kill()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const { samples } = await agents.turn(1, tryForMs)
    const sample = samples[0]
    const received = sample?.received ?? 0
    const failure = sample?.firstError ?? 'no response'
    return {
      type: 'unreachable',
      build,
      path: path.name,
      at: startedAt.toISOString(),
      confirmed: received === 0,
      observed: received === 0 ? failure : `${received} responses arrived`,
      afterMs: Math.round(performance.now() - startedMs),
    }
  } finally {
    signal.removeEventListener('abort', stop)
    await agents.close()
  }
}
