import { describe, expect, it } from 'vitest'
import { parseSocketBytes } from './socket-bytes.ts'

// As iproute2 6.1 writes it.
const answer = [
  'ESTAB    0      0      10.30.0.11:35762 10.30.0.10:15008 cubic wscale:10,10 rto:204 rtt:0.958/1.035 bytes_sent:8781 bytes_acked:8782 bytes_received:9585 segs_out:1060 send 697920668bps',
  'ESTAB    0      0      10.30.0.11:35764 10.30.0.10:15008 cubic wscale:10,10 rto:204 segs_out:1 segs_in:1',
  'TIME-WAIT 0     0      10.30.0.11:35766 10.30.0.10:15008 timer:(timewait,52sec,0)',
].join('\n')

describe('parseSocketBytes', () => {
  it('reads what the kernel counted for each connection, without its SYN', () => {
    expect(parseSocketBytes(answer)).toEqual([
      { state: 'ESTAB', local: '10.30.0.11:35762', peer: '10.30.0.10:15008', sent: 8781, received: 9585 },
      { state: 'ESTAB', local: '10.30.0.11:35764', peer: '10.30.0.10:15008', sent: 0, received: 0 },
      { state: 'TIME-WAIT', local: '10.30.0.11:35766', peer: '10.30.0.10:15008', sent: 0, received: 0 },
    ])
  })

  it('finds nothing in an empty answer', () => {
    expect(parseSocketBytes('\n')).toEqual([])
  })
})
