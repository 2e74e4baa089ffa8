import { expect, test } from 'vitest'
import { parseLoadRequest } from './messages.ts'
import { MessageError } from './fields.ts'
import { agentProtocolVersion } from './protocol.ts'

const open = {
  type: 'open',
  version: agentProtocolVersion,
  load: { profile: 'pingpong', protocol: 'http1', requestBytes: 16, responseBytes: 16 },
  targets: [{ path: 'p', host: '127.0.0.1', port: 8080 }],
  timeoutMs: 1000,
}
const turn = { type: 'turn', id: 1, seed: 2 ** 32 + 5, durationMs: 100 }
const parse = (message: object) => parseLoadRequest(JSON.stringify(message))

test('requests are not told apart and turns are no floods unless told so', () => {
  expect(parse(open)).toMatchObject({ halves: false, check: 'echo' })
  expect(parse({ ...open, halves: true })).toMatchObject({ halves: true })
  expect(parse(turn)).toEqual({ ...turn, flood: false })
  expect(parse({ ...turn, flood: true })).toMatchObject({ flood: true })
})

test.each([
  [{ ...open, halves: 2 }, '"halves" must be true or false, not 2'],
  [{ ...turn, flood: 'yes' }, '"flood" must be true or false, not "yes"'],
])('a switch that is neither on nor off is refused', (message, reason) => {
  expect(() => parse(message)).toThrow(new MessageError(reason))
})
