import { describe, expect, it } from 'vitest'
import { closest, shown, suggestion, unknownName } from './suggest.ts'

describe('closest', () => {
  it.each([
    ['nods', ['name', 'nodes', 'network'], 'nodes'],
    ['Nodes', ['name', 'nodes'], 'nodes'],
    ['titel', ['title', 'name'], 'title'],
    ['hop-lader', ['hop-ladder', 'mixed'], 'hop-ladder'],
    ['l3', ['none', 'l2', 'proxy'], 'l2'],
  ])('%s is near %j: %s', (word, candidates, meant) => {
    expect(closest(word, candidates)).toBe(meant)
  })

  it('finds nothing where nothing is near', () => {
    expect(closest('replicas', ['nodes', 'name'])).toBeUndefined()
    expect(closest('x', [])).toBeUndefined()
  })
})

it('a suggestion is a near name, else all names, else nothing', () => {
  expect(suggestion('esat', ['east', 'west'])).toBe('; did you mean "east"?')
  expect(suggestion('moon', ['east', 'west', 'east'])).toBe('; known: east, west')
  expect(suggestion('moon', [])).toBe('')
})

it('an unknown name is told with what is known', () => {
  expect(unknownName('cluster', 'east', ['east'])).toBeUndefined()
  expect(unknownName('cluster', 'esat', ['east'])).toBe('there is no cluster "esat"; did you mean "east"?')
})

it('values are shown in one short line', () => {
  expect(shown(undefined)).toBe('nothing')
  expect(shown([])).toBe('an empty list')
  expect(shown([1])).toBe('a list')
  expect(shown({})).toBe('a map')
  expect(shown(1.5)).toBe('1.5')
  expect(shown('a\nb')).toBe(String.raw`"a\nb"`)
  expect(shown('x'.repeat(60))).toBe(`"${'x'.repeat(60)}"`)
  expect(shown('x'.repeat(100))).toBe(`"${'x'.repeat(59)}…"`)
  expect(shown('😀'.repeat(100))).toBe(`"${'😀'.repeat(59)}…"`)
})
