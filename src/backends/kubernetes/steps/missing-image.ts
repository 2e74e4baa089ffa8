import { EnvironmentError } from '../../../errors.ts'

/** A node cannot get an image: nothing ran, so what nodes and programs log says nothing about it. */
export class MissingImageError extends EnvironmentError {
  override name = 'MissingImageError'
}

/** Whether a failure comes from an image that is not there, however many steps told it since. */
export function isAboutImage(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof MissingImageError) return true
  return false
}
