import { closeSync, openSync } from 'node:fs'
import { listenSeqPacket, type DescriptorSocket } from './descriptor-socket.ts'
import type { ServedPod } from './protocol.ts'
import { ackError, addWorkload, helloVersion, snapshotSent, zdsVersion } from './zds-messages.ts'

/** What the node's CNI agent is for a ztunnel: tells it of the pods of its node and hands it their namespaces. */
export interface ZdsServer {
  /** Whether a ztunnel has acknowledged all of them. */
  hasPods(): boolean
}

/**
 * Serves ZDS to one ztunnel at a time, again after each that goes.
 * @throws Error when the socket cannot be made.
 */
export async function serveZds(
  path: string,
  pods: readonly ServedPod[],
  onProblem: (problem: string) => void,
): Promise<ZdsServer> {
  const listener = await listenSeqPacket(path)
  let done = false
  const serve = async () => {
    for (;;) {
      const socket = await listener.accept()
      try {
        await tell(socket, pods)
        done = true
        // From now on it speaks no more; the end of this is the end of it.
        while ((await socket.receive()) !== undefined) continue
      } catch (error) {
        onProblem(`ZDS: ${error instanceof Error ? error.message : String(error)}`)
      }
      done = false
      socket.close()
    }
  }
  serve().catch((error: unknown) => onProblem(`ZDS: ${String(error)}`))
  return { hasPods: () => done }
}

async function tell(socket: DescriptorSocket, pods: readonly ServedPod[]): Promise<void> {
  const hello = await socket.receive()
  const version = hello === undefined ? undefined : helloVersion(hello)
  if (version !== zdsVersion) throw new Error(`it speaks version ${version ?? 'none'}, not ${zdsVersion}`)
  for (const pod of pods) {
    const netns = openSync(pod.netns, 'r')
    try {
      socket.send(addWorkload(pod), netns)
    } finally {
      closeSync(netns)
    }
    await acknowledged(socket, `pod ${pod.name}`)
  }
  socket.send(snapshotSent())
  await acknowledged(socket, 'the end of the list of pods')
}

async function acknowledged(socket: DescriptorSocket, what: string): Promise<void> {
  const answer = await socket.receive()
  if (answer === undefined) throw new Error(`it went away instead of taking ${what}`)
  const error = ackError(answer)
  if (error !== undefined) throw new Error(`it refuses ${what}: ${error}`)
}
