import { expect, test } from 'vitest'
import { istioctlDoubt, istioctlFit, type IstioctlFit } from './istioctl-version.ts'

test.for<[string, string, IstioctlFit]>([
  ['1.31.0', '1.31.0', 'same'],
  ['1.31.0+dist1', '1.31.0', 'same'],
  ['1.31.0~bpo12', '1.31.0', 'same'],
  ['1.31.0-rc.0', '1.31.0-rc.0', 'same'],
  ['1.31-dev', '1.31.0', 'unknown'],
  ['1.31-alpha.0f1e2d', '1.31.0', 'unknown'],
  ['1.31.0-distroless', '1.31.0', 'unknown'],
  ['unknown', '1.31.0', 'unknown'],
  ['dev', '1.31.0', 'unknown'],
  ['0.0.0', '1.31.0', 'unknown'],
  ['1.31.1', '1.31.0', 'other'],
  ['1.31.0-rc.0', '1.31.0', 'other'],
  ['1.31.0', '1.31.0-rc.0', 'other'],
  ['1.29-dev', '1.31.0', 'other'],
])('istioctl %s for Istio %s: %s', ([said, wanted, fit]) => {
  expect(istioctlFit(said, wanted)).toBe(fit)
  expect(istioctlDoubt(said, wanted) !== undefined).toBe(fit === 'unknown')
})
