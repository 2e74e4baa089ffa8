import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSessions } from '../../kind/load-balancer/haproxy.ts'
import { isIpAddress, splitAddress } from '../../../evidence/reading.ts'
import { readProbe } from '../prove/probe.ts'
import {
  byteCounters,
  clientClosed,
  clientClosedDirect,
  envoyClusters,
  haproxySessions,
  remoteClustersTable,
  serverClosed,
  ztunnelDump,
} from '../testing/recorded.ts'
import { parseAccessLine } from '../../../evidence/ztunnel/access-log.ts'
import { parseForwardedHosts } from './envoy-clusters.ts'
import { cursorTime, newLines } from './log-cursor.ts'
import { parseRemoteClusters } from './remote-clusters.ts'
import { endpointsOf, openConnections, parseZtunnelDump } from '../../../evidence/ztunnel/ztunnel-dump.ts'
import { parseCountedBytes } from '../../../evidence/ztunnel/ztunnel-metrics.ts'

describe("ztunnel's access log", () => {
  it('tells of a connection through a gateway from the client side', () => {
    expect(parseAccessLine(clientClosed)).toEqual({
      ok: true,
      value: {
        direction: 'outbound',
        source: '10.10.0.7:56968',
        sourceIdentity: 'spiffe://cluster.local/ns/t-ambient/sa/default',
        destination: '172.18.0.4:15008',
        hboneAddress: 'echo.t-ambient.svc.cluster.local:8080',
        service: 'echo.t-ambient.svc.cluster.local',
        bytesUp: 2003320,
        bytesDown: 6640,
        failed: false,
      },
    })
  })

  it('counts the same bytes up at the server, where sent and received change places', () => {
    const [client, server] = [parseAccessLine(clientClosed), parseAccessLine(serverClosed)]
    if (!client?.ok || !server?.ok) throw new Error('not read')
    expect([server.value.bytesUp, server.value.bytesDown]).toEqual([
      client.value.bytesUp,
      client.value.bytesDown,
    ])
    expect(server.value.direction).toBe('inbound')
  })

  it('says the same as JSON and as text, with and without the time of the container runtime', () => {
    const text = clientClosedDirect
    const afterMessage = text.slice(text.indexOf('connection complete\t') + 'connection complete\t'.length)
    const entries = [...afterMessage.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S+))/g)].map(
      ([, key, quoted, plain]) => {
        const isNumber = key?.startsWith('bytes_') === true
        return [key, isNumber ? Number(plain) : (quoted ?? plain)]
      },
    )
    const json = JSON.stringify({
      level: 'info',
      time: '2026-11-23T02:02:52.361547Z',
      scope: 'access',
      message: 'connection complete',
      ...Object.fromEntries(entries),
    })
    const expected = parseAccessLine(text)
    expect(expected?.ok).toBe(true)
    expect(parseAccessLine(json)).toEqual(expected)
    expect(parseAccessLine(`2026-11-23T02:02:52.361715671Z ${json}`)).toEqual(expected)
    expect(parseAccessLine(text.slice(text.indexOf(' ') + 1))).toEqual(expected)
  })

  it('passes over lines about something else', () => {
    const failed =
      '2026-11-23T02:01:05.161784Z\twarn\taccess\tconnection failed\tsrc.addr=10.10.0.7:57340 dst.addr=10.255.10.77:8080 direction="outbound" error="no healthy upstream"'
    expect(parseAccessLine(failed)).toBeUndefined()
    expect(parseAccessLine('2026-11-23T02:01:05Z\tinfo\tztunnel\tversion: 1.31.0')).toBeUndefined()
  })

  it('keeps that a connection ended with an error', () => {
    const line = `${clientClosed} error="connection \\"closed\\" due to policy"`
    const read = parseAccessLine(line)
    expect(read?.ok === true && read.value.failed).toBe(true)
  })

  it('says what it cannot read', () => {
    const read = parseAccessLine(clientClosed.replace('bytes_sent=2003320', 'bytes_sent=many'))
    expect(read).toEqual({ ok: false, cannotRead: expect.stringContaining('bytes_sent') })
  })
})

describe("ztunnel's configuration", () => {
  it('holds open connections with the pod that they belong to', () => {
    const read = parseZtunnelDump(ztunnelDump)
    if (!read.ok) throw new Error(read.cannotRead)
    expect(openConnections(read.value)).toEqual([
      {
        direction: 'outbound',
        pod: 'client',
        namespace: 't-ambient',
        serviceAccount: 'default',
        src: '10.10.0.7:56968',
        originalDst: '10.255.10.77:8080',
        actualDst: '172.18.0.4:15008',
        protocol: 'DOUBLEHBONE',
      },
    ])
  })

  it('leads from a service to the gateway behind which its servers are', () => {
    const read = parseZtunnelDump(ztunnelDump)
    if (!read.ok) throw new Error(read.cannotRead)
    const endpoints = endpointsOf(read.value, 'echo.t-ambient.svc.cluster.local')
    expect(endpoints.map((e) => [e.workloadIps, e.networkGateway?.destination, e.clusterId])).toEqual([
      [[], 'west/172.18.0.4', 'c2'],
    ])
    expect(read.value.config?.network).toBe('east')
  })
})

it("the gateway's counters are read per server, and zeros that JSON leaves out are zero", () => {
  expect(parseForwardedHosts(envoyClusters)).toEqual({
    ok: true,
    value: [
      { address: '10.20.0.7:15008', connections: 2, open: 1 },
      { address: '10.20.0.9:15008', connections: 0, open: 0 },
    ],
  })
})

it("the proxy's sessions are read without its own command connections", () => {
  expect(parseSessions(haproxySessions)).toEqual({
    ok: true,
    value: [{ id: '0x55fad736bb70 172.17.0.1:45798', source: '172.17.0.1:45798', server: 'node' }],
  })
  // It lists at least the connection that asks.
  expect(parseSessions('\n')).toMatchObject({ ok: false })
  expect(parseSessions('Unknown command: "show"')).toMatchObject({ ok: false })
})

it('bytes are counted per client and service, up and down', () => {
  expect(parseCountedBytes(byteCounters)).toEqual({
    ok: true,
    value: [
      {
        reporter: 'source',
        sourceIdentity: 'spiffe://cluster.local/ns/hopmeter/sa/client-east-n1',
        service: 'server-west-n1.hopmeter.svc.cluster.local',
        destinationIdentity: 'spiffe://cluster.local/ns/hopmeter/sa/server-west-n1',
        bytesUp: 38943,
        bytesDown: 41522,
      },
    ],
  })
  expect(parseCountedBytes(byteCounters.replace('# EOF', ''))).toMatchObject({ ok: false })
})

it('the table of remote clusters is read whether or not a row has a secret', () => {
  const read = parseRemoteClusters(remoteClustersTable)
  expect(read.ok && [...read.value]).toEqual([
    ['c1', 'synced'],
    ['c2', 'timeout'],
  ])
  expect(parseRemoteClusters('Error: no running Istio pods')).toMatchObject({ ok: false })
})

it('a probe names who answered or why nobody did', () => {
  expect(readProbe('{"cluster":"west","pod":"server-west-n1"}\n')).toEqual({
    cluster: 'west',
    pod: 'server-west-n1',
  })
  expect(readProbe('{"error":"ECONNRESET"}')).toEqual({ error: 'ECONNRESET' })
  expect(readProbe('{"cluster":"west"}')).toEqual({ error: expect.stringContaining('probe said') })
})

describe('reading a log piece by piece', () => {
  const lines = ['2026-11-23T02:01:05.1Z a', '2026-11-23T02:01:05.2Z b', '2026-11-23T02:01:06.3Z c']

  it('never counts a line twice and never skips one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.nat(2), (first, reach) => {
        const before = newLines({ lastLine: undefined }, lines.slice(0, first).join('\n'))
        // The second answer reaches back as far as it likes, as seconds are coarse.
        const answer = lines.slice(Math.max(first - 1 - reach, 0)).join('\n')
        const after = newLines(before.cursor, `${answer}\n`)
        expect([...before.lines, ...after.lines]).toEqual(lines)
        expect(after.lost).toBe(false)
      }),
    )
  })

  it('notices that the log began anew', () => {
    const { cursor } = newLines({ lastLine: undefined }, lines.join('\n'))
    expect(newLines(cursor, '2026-11-23T02:09:00.0Z other')).toMatchObject({
      lost: true,
      lines: [expect.any(String)],
    })
  })

  it('asks from the second of the last line', () => {
    expect(cursorTime({ lastLine: lines[2] })).toBe('2026-11-23T02:01:06Z')
    expect(cursorTime({ lastLine: '2026-11-23T03:01:06.123456789+01:00 x' })).toBe(
      '2026-11-23T03:01:06+01:00',
    )
    expect(cursorTime({ lastLine: undefined })).toBeUndefined()
  })
})

it('addresses have a host and a port, in both families', () => {
  expect(splitAddress('10.1.2.3:8080')).toEqual({ host: '10.1.2.3', port: 8080 })
  expect(splitAddress('[fd00::1]:15008')).toEqual({ host: 'fd00::1', port: 15008 })
  expect(splitAddress('[::ffff:10.1.2.3]:80')).toEqual({ host: '10.1.2.3', port: 80 })
  expect(splitAddress('echo.ns.svc')).toBeUndefined()
  expect(splitAddress('10.1.2.3:99999')).toBeUndefined()
  expect(isIpAddress('echo.ns.svc.cluster.local')).toBe(false)
})

describe('rubbish', () => {
  const parsers = {
    parseCountedBytes,
    parseZtunnelDump,
    parseForwardedHosts,
    parseSessions,
    parseRemoteClusters,
    readProbe,
    parseAccessLine,
  }
  const mangled = (text: string) =>
    fc
      .tuple(fc.nat(text.length), fc.nat(20), fc.string({ unit: 'binary', maxLength: 10 }))
      .map(([at, cut, insert]) => text.slice(0, at) + insert + text.slice(at + cut))
  const inputs = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    ...[clientClosed, ztunnelDump, envoyClusters, haproxySessions, remoteClustersTable].map((text) =>
      mangled(text),
    ),
  )

  it.each(Object.entries(parsers))('never makes %s throw', (_name, parse) => {
    const isReadable = fc.property(inputs, (text) => {
      const read = parse(text)
      return read === undefined || !('ok' in read) || read.ok || read.cannotRead.includes('cannot read')
    })
    expect(() => fc.assert(isReadable, { numRuns: 400 })).not.toThrow()
  })

  it('never makes a log line count negative bytes', () => {
    const isCounted = fc.property(mangled(clientClosed), (line) => {
      const read = parseAccessLine(line)
      return !read?.ok || (read.value.bytesUp >= 0 && read.value.bytesDown >= 0)
    })
    expect(() => fc.assert(isCounted)).not.toThrow()
  })
})
