import { describe, expect, test } from 'vitest'
import { UsageError } from '../../errors.ts'
import { chosenVersions } from './data-planes.ts'

describe('one version', () => {
  test('is installed, and nothing is switched', () => {
    expect(chosenVersions({ istio: ['1.31.0'] })).toEqual({ istio: '1.31.0' })
    expect(chosenVersions({ istio: '1.30', istioTag: 'mine', istioHub: ['example/istio'] })).toEqual({
      ...{ istio: '1.30', istioTag: 'mine', istioHub: 'example/istio' },
    })
    expect(chosenVersions({ istio: [], istioHub: [], istioTag: [] })).toEqual({})
  })
})

describe('several versions', () => {
  test('are called by themselves, and share the newest control plane, whichever comes first', () => {
    const chosen = chosenVersions({ istio: ['1.30.3', '1.31.0-rc.0'] })
    expect(chosen.istio).toBe('1.31.0-rc.0')
    expect(chosen.dataPlanes).toMatchObject([
      { name: '1.30.3', istio: '1.30.3' },
      { name: '1.31.0-rc.0', istio: '1.31.0-rc.0' },
    ])
    expect(chosenVersions({ istio: ['1.31.0', '1.30.3'] }).istio).toBe('1.31.0')
  })

  test('know that a release is newer than its candidates, and those by their numbers', () => {
    const newest = (...istio: string[]) => chosenVersions({ istio }).istio
    expect(newest('1.31.0-rc.0', '1.31.0')).toBe('1.31.0')
    expect(newest('1.31.0', '1.31.0-rc.0')).toBe('1.31.0')
    expect(newest('1.31.0-rc.2', '1.31.0-rc.10')).toBe('1.31.0-rc.10')
    expect(newest('1.30.10', '1.30.9')).toBe('1.30.10')
  })

  test('a minor means its pinned release, in its name as well', () => {
    expect(chosenVersions({ istio: ['1.30', '1.31'] }).dataPlanes?.map(({ name }) => name)).toEqual([
      '1.30.3',
      '1.31.0',
    ])
  })

  test('may be the same one twice, under two names', () => {
    const chosen = chosenVersions({ istio: ['a=1.31.0', 'b=1.31.0'] })
    expect(chosen.dataPlanes).toMatchObject([
      { name: 'a', istio: '1.31.0' },
      { name: 'b', istio: '1.31.0' },
    ])
    expect(chosen.istio).toBe('1.31.0')
  })

  test('may be images of one’s own beside a release, by tag and registry', () => {
    const chosen = chosenVersions({
      ...{ istio: ['1.31.0'], istioTag: ['base=1.31.0', 'pr=my-build'], istioHub: ['pr=example/istio'] },
    })
    expect(chosen).toMatchObject({ istio: '1.31.0', istioTag: '1.31.0' })
    expect(chosen.istioHub).toBeUndefined()
    expect(chosen.dataPlanes).toEqual([
      { name: 'base', istio: '1.31.0', hub: undefined, tag: '1.31.0' },
      { name: 'pr', istio: '1.31.0', hub: 'example/istio', tag: 'my-build' },
    ])
  })

  test.each<[string, Parameters<typeof chosenVersions>[0], RegExp]>([
    [
      'two minors apart',
      { istio: ['1.29.6', '1.31.0'] },
      /1\.29\.6 cannot be measured beside 1\.31\.0: .* at most one minor older/,
    ],
    ['another major', { istio: ['1.31.0', '1.30.3', '1.28.10'] }, /1\.28\.10 cannot be measured beside/],
    ['the same twice without names', { istio: ['1.31.0', '1.31'] }, /two versions are called "1\.31\.0"/],
    ['one name alone', { istio: ['base=1.31.0'] }, /"base" stands alone/],
    ['a tag of nobody', { istio: ['1.30.3', '1.31.0'], istioTag: ['pr=x'] }, /no version is called "pr"/],
    [
      'one tag for all',
      { istio: ['1.30.3', '1.31.0'], istioTag: ['my-build'] },
      /would give all versions the same images/,
    ],
    ['a name with blanks', { istio: ['a b=1.31.0', 'c=1.31.0'] }, /cannot be the name of a version/],
    ['a version that nobody knows', { istio: ['1.19.0', '1.31.0'] }, /no pins for Istio 1\.19\.0/],
    ['too many', { istio: Array.from({ length: 9 }, (_, i) => `v${i}=1.31.0`) }, /9 versions in one run/],
  ])('%s is refused, and says why', (_, flags, why) => {
    expect(() => chosenVersions(flags)).toThrow(UsageError)
    expect(() => chosenVersions(flags)).toThrow(why)
  })
})
