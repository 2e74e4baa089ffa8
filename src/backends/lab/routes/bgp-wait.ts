import { EnvironmentError } from '../../../errors.ts'
import type { BackgroundProcess } from '../../../process/exec.ts'
import { until } from '../../../process/until.ts'
import type { Anchor } from '../anchor.ts'
import type { BgpSpeaker } from './bgp-speakers.ts'
import type { RunningRouteProgram } from './route-mode.ts'

const pollMs = 50
const withinMs = 30_000

/**
 * Starts a node's BIRD and waits until the kernel has every route that it is to learn.
 * @throws EnvironmentError when it ends or the routes do not come.
 */
export async function startSpeaker(
  anchor: Anchor,
  speaker: BgpSpeaker,
  signal?: AbortSignal,
): Promise<RunningRouteProgram> {
  const process = anchor.start(speaker.start)
  const stderr = collect(process)
  let ended = false
  const onEnd = () => {
    ended = true
  }
  process.done.then(onEnd, onEnd)
  const assertRunning = () => {
    if (ended) throw new EnvironmentError(`BIRD of ${speaker.node.netns} ended: ${stderr()}`)
  }
  let missing: readonly string[] = []
  const learned = await until(
    async () => {
      missing = await missingRoutes(anchor, speaker, signal)
      if (missing.length === 0) return true
      assertRunning()
      return undefined
    },
    { everyMs: pollMs, deadlineMs: withinMs, signal },
  )
  if (!learned) throw await tooLate(anchor, speaker, missing, stderr())
  return { assertRunning }
}

async function missingRoutes(anchor: Anchor, speaker: BgpSpeaker, signal?: AbortSignal): Promise<string[]> {
  const args = ['-json', 'route', 'show', 'proto', 'bird']
  const { stdout } = await anchor.run({ netns: speaker.node.netns, file: 'ip', args }, signal)
  const routes = JSON.parse(stdout) as { dst: string; gateway?: string }[]
  // A route whose next hop BIRD cannot resolve is there too, as unreachable and without a gateway.
  return speaker.learns.filter((cidr) => !routes.some((r) => r.dst === cidr && r.gateway !== undefined))
}

async function tooLate(
  anchor: Anchor,
  { node, control }: BgpSpeaker,
  missing: readonly string[],
  stderr: string,
): Promise<EnvironmentError> {
  const show = { netns: node.netns, file: 'birdc', args: ['-s', control, 'show', 'protocols', 'all'] }
  const state = await anchor.run(show).then(
    ({ stdout }) => stdout,
    (error: unknown) => String(error),
  )
  return new EnvironmentError(
    `BIRD of ${node.netns} learned no route to ${missing.join(', ')} within ${withinMs / 1000} s\n${stderr}\n${state}`,
  )
}

function collect(process: BackgroundProcess): () => string {
  let text = ''
  const keep = (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-4000)
  }
  process.stdout.on('data', keep)
  process.stderr.on('data', keep)
  return () => text.trim()
}
