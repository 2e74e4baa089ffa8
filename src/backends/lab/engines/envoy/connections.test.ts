import { describe, expect, it } from 'vitest'
import { parseForwarded, type ForwardedConnection } from './access-log.ts'
import { ForwardedConnections } from './connections.ts'

const client = 'spiffe://cluster.local/ns/hopmeter/sa/client-east-1-n1'
const authority = 'server-west-n1.hopmeter.svc.cluster.local:8080'

/** A line as Envoy 1.40 writes it. */
function line(type: string, local: string | null, up = 0, down = 0): string {
  const upstream = local === null ? null : '10.30.0.10:15008'
  const ends = { source: '198.18.1.1:45678', peer: client, authority, upstream, local }
  return JSON.stringify({ type, ...ends, up, down, flags: '-' })
}

function read(text: string): ForwardedConnection {
  const reading = parseForwarded(text)
  if (!reading?.ok) throw new Error(`not read: ${text}`)
  return reading.value
}

function socket(local: string, sent: number, received: number, state = 'ESTAB') {
  return { state, local, peer: '10.30.0.10:15008', sent, received }
}

describe('what an Envoy forwarded', () => {
  it('joins its log with the kernel’s counters by its own end of each connection', () => {
    const connections = new ForwardedConnections()
    connections.add(read(line('TcpUpstreamConnected', '10.30.0.11:1000')))
    connections.add(read(line('TcpUpstreamConnected', '10.30.0.11:1001')))
    connections.add(read(line('TcpConnectionEnd', '10.30.0.11:1000', 70, 50)))
    const sockets = [socket('10.30.0.11:1001', 7, 5)]
    expect(connections.agreesWith(sockets)).toBe(true)
    expect(connections.flows(sockets)).toEqual([
      {
        direction: 'forward',
        protocol: 'HBONE',
        source: '198.18.1.1',
        sourceIdentity: client,
        requested: authority,
        upstream: '10.30.0.10:15008',
        connections: 2,
        open: 1,
        bytesUp: 77,
        bytesDown: 55,
        upstreamSources: ['10.30.0.11:1001'],
      },
    ])
  })

  it('is not complete while the log lags behind the kernel', () => {
    const connections = new ForwardedConnections()
    const sockets = [socket('10.30.0.11:1000', 7, 5)]
    expect(connections.agreesWith(sockets)).toBe(false)
    connections.add(read(line('TcpUpstreamConnected', '10.30.0.11:1000')))
    expect(connections.agreesWith(sockets)).toBe(true)
    // The connection is over, but its last line is still to come.
    expect(connections.agreesWith([])).toBe(false)
    connections.add(read(line('TcpConnectionEnd', '10.30.0.11:1000', 7, 5)))
    expect(connections.agreesWith([])).toBe(true)
  })

  it('does not wait for ends that only the kernel still has', () => {
    const connections = new ForwardedConnections()
    connections.add(read(line('TcpUpstreamConnected', '10.30.0.11:1000')))
    connections.add(read(line('TcpConnectionEnd', '10.30.0.11:1000', 7, 5)))
    expect(connections.agreesWith([socket('10.30.0.11:1000', 7, 5, 'TIME-WAIT')])).toBe(true)
  })

  it('does not count a connection that reached no server', () => {
    const connections = new ForwardedConnections()
    connections.add(read(line('TcpConnectionEnd', null)))
    expect(connections.flows([])).toEqual([])
  })

  it('keeps clients apart by who they proved to be, though they come from one address', () => {
    const connections = new ForwardedConnections()
    const other = { ...read(line('TcpUpstreamConnected', '10.30.0.11:1001')), peer: `${client}-other` }
    connections.add(read(line('TcpUpstreamConnected', '10.30.0.11:1000')))
    connections.add(other)
    const flows = connections.flows([])
    expect(flows.map(({ sourceIdentity }) => sourceIdentity)).toEqual([client, `${client}-other`])
  })
})

describe('parseForwarded', () => {
  it('leaves other words of Envoy alone', () => {
    expect(parseForwarded('[2026-11-28 15:00:00.000][1][warning][main] hello')).toBeUndefined()
  })

  it.for(['{"type":"TcpConnectionEnd"}', '{', '{"type":"x","source":"a","authority":"b","up":-1,"down":0}'])(
    'says that it cannot read %s',
    (text) => {
      expect(parseForwarded(text)).toMatchObject({
        ok: false,
        cannotRead: expect.stringMatching(/./) as string,
      })
    },
  )
})
