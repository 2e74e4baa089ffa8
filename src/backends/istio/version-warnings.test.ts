import { describe, expect, test } from 'vitest'
import { loadScenario } from '../../scenario/load.ts'
import { knownDefects } from '../istio-versions.ts'
import { planScenario, type Plan } from '../../plan/plan-scenario.ts'
import { istioVersions } from '../versions.ts'
import { defectsFor, versionDisagreements, versionWarnings } from './version-warnings.ts'

const planOf = async (name: string): Promise<Plan> => planScenario((await loadScenario(name)).scenario)
const numbers = (defects: readonly { readonly upstream: string }[]) =>
  defects.map(({ upstream }) => upstream.replace(/^.*#/, ''))

describe('known defects', () => {
  test('each has a number at the project that has it, and releases of minors that are known', () => {
    const minors = istioVersions.map(({ minor }) => minor)
    for (const { upstream, from, fixedIn } of knownDefects) {
      expect(upstream).toMatch(/^istio\/(istio|ztunnel)#\d{3,6}$/)
      expect(minors).toContain(from)
      for (const fixed of fixedIn) expect(minors).toContain(fixed.split('.').slice(0, 2).join('.'))
    }
    expect(new Set(numbers(knownDefects)).size).toBe(knownDefects.length)
  })

  test.for<[string, boolean]>([
    ['1.27.9', true],
    ['1.28.2', true],
    ['1.28.3', false],
    ['1.28', false],
    ['1.29.0', false],
    ['1.31.0', false],
    ['my-build', false],
  ])('one that is mended from 1.28.3 and 1.29.0 on is in Istio %s: %s', async ([istio, isIn]) => {
    const found = numbers(defectsFor(istio, await planOf('same-network')))
    expect(found.includes('58047')).toBe(isIn)
  })

  test('those of gateways touch paths that enter one, and none touches a single cluster', async () => {
    expect(numbers(defectsFor('1.31.0', await planOf('same-network')))).not.toContain('58039')
    expect(numbers(defectsFor('1.31.0', await planOf('multi-network')))).toContain('58039')
    expect(defectsFor('1.27.0', await planOf('single-cluster'))).toEqual([])
  })
})

test('says how far Istio itself calls a path', async () => {
  const stage = 'one network across clusters is alpha in Istio 1.31'
  expect(versionWarnings('1.31.0', await planOf('same-network'))).toContain(stage)
  expect(versionWarnings('1.31.0', await planOf('multi-network'))).not.toContain(stage)
  expect(versionWarnings('1.28.10', await planOf('multi-network'))).toContain(
    'several networks are alpha in Istio 1.28',
  )
  expect(versionWarnings('1.40.0', await planOf('same-network'))[0]).toBe(
    'nothing is written down of Istio 1.40.0: known are 1.27 to 1.31',
  )
})

describe('versions that disagree are named', () => {
  test.for<[string, Parameters<typeof versionDisagreements>[0], readonly string[]]>([
    ['nothing to say', { asked: '1.31.0', tag: '1.31.0', istioctl: '1.31.0' }, []],
    ['a tag', { asked: '1.30.3', tag: '1.31.0' }, ['--istio says 1.30.3, the images’ tag 1.31.0']],
    ['a tag that is no version', { asked: '1.30.3', tag: 'pr-1234' }, []],
    ['a minor alone', { asked: '1.31', tag: '1.31.2' }, []],
    ['istioctl', { asked: '1.30.3', istioctl: '1.31.0' }, ['istioctl is 1.31.0, Istio is to be 1.30.3']],
    [
      'what stands',
      {
        asked: '1.30.3',
        standing: new Map([
          ['east', '1.31.0'],
          ['west', '1.31.0'],
        ]),
      },
      ['istiod of east is 1.31.0, not 1.30.3', 'istiod of west is 1.31.0, not 1.30.3'],
    ],
    [
      'clusters among themselves',
      {
        standing: new Map([
          ['east', '1.30.3'],
          ['west', '1.31.0'],
        ]),
      },
      ['clusters run different versions: east 1.30.3, west 1.31.0'],
    ],
  ])('%s', ([, said, expected]) => {
    expect(versionDisagreements(said)).toEqual(expected)
  })
})
