import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expandLoads } from '../load/profiles.ts'
import { planTurns, scheduleRounds } from './schedule.ts'

const pingpong = { profile: 'pingpong', protocol: 'http1', requestBytes: 16, responseBytes: 16 } as const
const closed = { profile: 'closed', connections: [1, 16], requestBytes: 16, responseBytes: 1024 } as const
const paths = [
  { name: 'no-mesh', client: 'plain' },
  { name: 'single', client: 'mesh' },
  { name: 'gateway', client: 'mesh' },
]

describe('turns of a round', () => {
  test('every path gets the same share of the round', () => {
    const turns = planTurns(paths, expandLoads([pingpong]), 900)
    expect(turns.map((t) => [t.client, t.paths, t.durationMs])).toEqual([
      ['plain', ['no-mesh'], 300],
      ['mesh', ['single', 'gateway'], 600],
    ])
  })

  test('a sweep over connections becomes one load per step, named after it', () => {
    expect(expandLoads([pingpong, closed]).map((load) => load.id)).toEqual([
      'pingpong',
      'closed-c1-16x1024',
      'closed-c16-16x1024',
    ])
  })

  test('a closed loop has one path per turn, so that the CPU time of a turn is that path’s', () => {
    const turns = planTurns(paths, expandLoads([closed]), 1200)
    expect(turns.map((t) => [t.client, t.load.id, t.paths, t.durationMs])).toEqual(
      ['closed-c1-16x1024', 'closed-c16-16x1024'].flatMap((load) => [
        ['plain', load, ['no-mesh'], 200],
        ['mesh', load, ['single'], 200],
        ['mesh', load, ['gateway'], 200],
      ]),
    )
  })

  test('variants of one place share a generator and its turn, but for closed loops, which take turns', () => {
    const variants = ['a', 'b'].map((name) => ({
      name: `p@${name}`,
      client: `client-${name}`,
      mix: 'client',
    }))
    const mixed = planTurns(variants, expandLoads([pingpong]), 1000)
    expect(mixed.map((t) => [t.client, t.paths, t.durationMs])).toEqual([['client', ['p@a', 'p@b'], 1000]])
    const apart = planTurns(variants, expandLoads([{ ...closed, connections: [4] }]), 1000)
    expect(apart.map((t) => [t.client, t.paths])).toEqual([
      ['client-a', ['p@a']],
      ['client-b', ['p@b']],
    ])
  })

  test('a round visits every path and load exactly once, in an order that its seed decides', () => {
    const turns = planTurns(paths, expandLoads([pingpong, closed]), 1000)
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.integer({ min: 1, max: 20 }),
        (seed, count) => {
          const rounds = scheduleRounds(turns, count, seed)
          expect(rounds).toEqual(scheduleRounds(turns, count, seed))
          expect(rounds.map((r) => r.round)).toEqual(Array.from({ length: count }, (_, i) => i + 1))
          for (const round of rounds) {
            const visited = round.turns.flatMap((t) => t.paths.map((path) => `${path} ${t.load.id}`))
            expect(visited).toHaveLength(paths.length * 3)
            expect(new Set(visited).size).toBe(visited.length)
          }
        },
      ),
    )
  })

  test('orders differ from round to round', () => {
    const turns = planTurns(paths, expandLoads([pingpong]), 1000)
    const first = scheduleRounds(turns, 64, 1).map((round) => round.turns[0]!.client)
    expect(new Set(first)).toEqual(new Set(['plain', 'mesh']))
  })
})
