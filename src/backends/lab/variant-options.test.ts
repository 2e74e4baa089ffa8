import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../errors.ts'
import { labVariants, type VariantFlags } from './variant-options.ts'

function variantsOf(flags: VariantFlags) {
  const made = labVariants(flags)
  return 'variants' in made ? made.variants : undefined
}

function refusal(flags: VariantFlags): string {
  try {
    labVariants(flags)
    return 'taken'
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return error.message
  }
}

describe('programs and variants of the lab', () => {
  it('a file without a name is for everything, and there are no variants', () => {
    expect(labVariants({ ztunnel: ['/opt/ztunnel'], haproxy: ['haproxy'] })).toEqual({
      engines: { ztunnel: '/opt/ztunnel', haproxy: 'haproxy' },
      tuning: {},
    })
  })

  it('names make variants, in the order in which they came, over what is for all', () => {
    const variants = variantsOf({
      ztunnel: ['base=/a/ztunnel', 'pr=/b/ztunnel'],
      envoy: ['/opt/envoy'],
      variant: ['pr:ztunnel-threads=1,ztunnel-log=info,access=debug'],
    })
    expect(variants).toEqual([
      {
        name: 'base',
        settings: { ztunnel: 'FILE' },
        engines: { ztunnel: '/a/ztunnel', envoy: '/opt/envoy' },
        tuning: {},
      },
      {
        name: 'pr',
        settings: { ztunnel: 'FILE', 'ztunnel-threads': '1', 'ztunnel-log': 'info,access=debug' },
        engines: { ztunnel: '/b/ztunnel', envoy: '/opt/envoy' },
        tuning: { ztunnelThreads: 1, ztunnelLog: 'info,access=debug' },
      },
    ])
  })

  it('"node" is our own program', () => {
    expect(variantsOf({ ztunnel: ['own=node', 'real=ztunnel'] })?.map(({ engines }) => engines)).toEqual([
      {},
      { ztunnel: 'ztunnel' },
    ])
  })

  it.each<[string, VariantFlags, string]>([
    ['one variant alone', { ztunnel: ['base=/a'] }, 'variant "base" stands alone'],
    [
      'a name that is none',
      { variant: ['A:ztunnel=x', 'b:ztunnel=y'] },
      '"A" cannot be the name of a variant',
    ],
    [
      'such a name before a file',
      { ztunnel: ['base=/a', '1.31=/b'] },
      '"1.31" cannot be the name of a variant',
    ],
    ['a variant without settings', { variant: ['a'] }, '"a" does not name a variant'],
    ['an unknown setting', { variant: ['a:speed=9', 'b:speed=8'] }, 'variant "a": "speed=9" is no setting'],
    [
      'threads of our own ztunnel',
      { variant: ['a:ztunnel-threads=1', 'b:ztunnel-threads=2'] },
      'ztunnel-threads is a setting of',
    ],
    [
      'a number of threads that is none',
      { ztunnel: ['z'], variant: ['a:ztunnel-threads=0', 'b:ztunnel-threads=1'] },
      'ztunnel-threads: expected 1 to 999, got "0"',
    ],
    [
      'nine variants',
      { ztunnel: Array.from({ length: 9 }, (_, i) => `v${i}=node`) },
      '9 variants side by side are more than 8',
    ],
  ])('refuses %s', (_, flags, message) => {
    expect(refusal(flags)).toContain(message)
  })

  it('takes or refuses any text, and never names a file of the user', () => {
    const words = fc.array(
      fc.oneof(fc.string(), fc.constantFrom('a=/secret/x', 'b=node', 'a:gateway=/secret/y')),
    )
    fc.assert(
      fc.property(fc.record({ ztunnel: words, variant: words }), (flags) => {
        if (refusal(flags) !== 'taken') return
        for (const { settings } of variantsOf(flags) ?? []) {
          expect(JSON.stringify(settings)).not.toContain('/secret/')
        }
      }),
    )
  })
})
