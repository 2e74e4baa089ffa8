import { expect, test } from 'vitest'
import { EnvironmentError, HopmeterError } from '../../../errors.ts'
import { isAboutImage, MissingImageError } from './missing-image.ts'
import { failed } from './run-steps.ts'

test('a missing image is known as the reason, however many steps told it since', () => {
  const missing = new MissingImageError('agent cannot get its image node:99')
  expect(isAboutImage(failed('start workloads in east', missing))).toBe(true)
  expect(isAboutImage(new HopmeterError('up failed', { cause: failed('start', missing) }))).toBe(true)
  expect(isAboutImage(failed('start workloads in east', new EnvironmentError('no memory')))).toBe(false)
  expect(isAboutImage('ErrImagePull')).toBe(false)
})
