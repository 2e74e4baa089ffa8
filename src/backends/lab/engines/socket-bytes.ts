import type { Anchor } from '../anchor.ts'
import type { LabCommand } from '../command.ts'

/** What the kernel has carried for one TCP connection, counted when it was asked. */
export interface SocketBytes {
  /** e.g. `ESTAB`, `CLOSE-WAIT`. */
  readonly state: string
  /** `ip:port` of this end, which tells connections of one namespace apart. */
  readonly local: string
  readonly peer: string
  /** Bytes that the peer has acknowledged. */
  readonly sent: number
  readonly received: number
}

/** Lists the connections of a namespace to one port, with their counters. */
export function socketBytesCommand(netns: string, peerPort: number): LabCommand {
  const filter = ['state', 'connected', 'dport', '=', `:${peerPort}`]
  return { netns, file: 'ss', args: ['--tcp', '--info', '--numeric', '--no-header', '--oneline', ...filter] }
}

export async function readSocketBytes(
  anchor: Anchor,
  netns: string,
  peerPort: number,
  signal?: AbortSignal,
): Promise<readonly SocketBytes[]> {
  return parseSocketBytes((await anchor.run(socketBytesCommand(netns, peerPort), signal)).stdout)
}

const socketLine =
  /^(?<state>[A-Z][A-Z\d-]+)\s+\d+\s+\d+\s+(?<local>\S+:\d+)\s+(?<peer>\S+:\d+)\s+(?<info>.*)$/

/** Form: `ss --oneline` of iproute2 with a filter of several states. */
export function parseSocketBytes(text: string): readonly SocketBytes[] {
  return text.split('\n').flatMap((line): SocketBytes[] => {
    const groups = socketLine.exec(line.trim())?.groups
    if (!groups) return []
    // A counter of zero is left out.
    const counter = (name: string) =>
      Number(new RegExp(String.raw`\b${name}:(\d+)`).exec(groups['info'] ?? '')?.[1] ?? 0)
    const { state = '', local = '', peer = '' } = groups
    // The kernel counts the SYN as an acknowledged byte.
    const sent = Math.max(0, counter('bytes_acked') - 1)
    return [{ state, local, peer, sent, received: counter('bytes_received') }]
  })
}
