import { describe, expect, it } from 'vitest'
import { ProxiedConnections } from './connections.ts'
import { parseClosed, parseState } from './sessions.ts'

// Recorded from HAProxy 2.6.12, columns after `stot` shortened.
const answer = `0x55ebae2759e0: [28/Nov/2026:15:30:32.220136] id=0 proto=tcpv4 source=198.18.1.1:49300
  flags=0x80004a, conn_retries=0, conn_exp=<NEVER> conn_et=0x000 srv_conn=0x55ebae1b48b0, pend_pos=(nil) waiting=0 epoch=0
  frontend=hbone (id=2 mode=tcp), listener=? (id=1) addr=198.18.4.200:15008
  backend=gateway (id=3 mode=tcp) addr=198.18.4.200:60672
  server=gateway (id=1) addr=198.18.4.1:15008
  task=0x55ebae36d3d0 (state=0x00 nice=0 calls=2 rate=0 exp=9s tmask=0x1 age=0s)
  req=0x55ebae275a00 (f=0x848000 an=0x0 pipe=0 tofwd=-1 total=5)
      an_exp=<NEVER> rex=23h59m wex=<NEVER>
  res=0x55ebae275a60 (f=0x80048202 an=0x0 pipe=0 tofwd=-1 total=7)
      an_exp=<NEVER> rex=23h59m wex=<NEVER>
0x55ebae36dcc0: [28/Nov/2026:15:30:32.421684] id=1 proto=unix_stream source=unix:1
  frontend=GLOBAL (id=0 mode=tcp), listener=? (id=1) addr=unix:1
  backend=<NONE> (id=-1 mode=-)
  server=<NONE> (id=-1)
  req=0x55ebae36dce0 (f=0xc08002 an=0x0 pipe=0 tofwd=-1 total=24)
  res=0x55ebae36dd40 (f=0x80008002 an=0x0 pipe=0 tofwd=-1 total=1284)

# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout
hbone,FRONTEND,,,1,1,9987,TOTAL,0,0
gateway,gateway,0,0,1,1,,9,0,0
gateway,BACKEND,0,0,1,1,999,9,0,0
`
const over =
  '{"client":"198.18.1.1:49000","own":"198.18.4.200:60000","server":"198.18.4.1:15008","up":50,"down":70}'

function state(total: number) {
  const reading = parseState(answer.replace('TOTAL', String(total)))
  if (!reading.ok) throw new Error(reading.cannotRead)
  return reading.value
}

function closedConnection(text: string) {
  const reading = parseClosed(text)
  if (!reading?.ok) throw new Error(`not read: ${text}`)
  return reading.value
}

describe('what a HAProxy carried', () => {
  it('is read from its sessions, without the one that asks', () => {
    expect(state(1)).toEqual({
      total: 1,
      open: [
        {
          client: '198.18.1.1:49300',
          own: '198.18.4.200:60672',
          server: '198.18.4.1:15008',
          bytesUp: 5,
          bytesDown: 7,
        },
      ],
    })
  })

  it('adds up what is over and what is open, and knows its own ends of the latter', () => {
    const connections = new ProxiedConnections()
    connections.close(closedConnection(over))
    expect(connections.flows(state(2))).toEqual([
      {
        direction: 'forward',
        protocol: 'TCP',
        source: '198.18.1.1',
        upstream: '198.18.4.1:15008',
        connections: 2,
        open: 1,
        bytesUp: 55,
        bytesDown: 77,
        upstreamSources: ['198.18.4.200:60672'],
      },
    ])
  })

  it('is not complete while its log lags behind its counters', () => {
    const connections = new ProxiedConnections()
    expect(connections.flows(state(2))).toBeUndefined()
    connections.close(closedConnection(over))
    expect(connections.flows(state(2))).toHaveLength(1)
  })

  it('counts a connection once that ended while HAProxy answered', () => {
    const connections = new ProxiedConnections()
    const ended = over.replace('49000', '49300').replace('60000', '60672')
    connections.close(closedConnection(ended))
    expect(connections.flows(state(1))).toMatchObject([{ connections: 1, open: 0, bytesUp: 50 }])
  })

  it('leaves out a connection that the gateway did not take', () => {
    const connections = new ProxiedConnections()
    connections.close(closedConnection(over.replace('198.18.4.1:15008', '-:0')))
    expect(connections.flows({ open: [], total: 1 })).toEqual([])
  })

  it.for(['', 'Unknown command', '# pxname,svname,stot\nother,FRONTEND,1\n'])(
    'cannot be read from %j',
    (text) => {
      expect(parseState(text)).toMatchObject({ ok: false })
    },
  )
})
