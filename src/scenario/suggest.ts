import { printable } from '../terminal-text.ts'
import { distance } from 'fastest-levenshtein'

/** How every message on an absent field starts. */
export const missing = 'is missing'

/** The candidate that was probably meant, or undefined when none is close. Letter case does not count. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  // A swap of neighbours counts as two edits; short words would be near everything.
  const allowed = word.length < 4 ? 1 : word.length < 9 ? 2 : 3
  const near = candidates
    .map((candidate) => ({ candidate, edits: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ edits }) => edits <= allowed)
    .toSorted((a, b) => a.edits - b.edits)
  return near[0]?.candidate
}

/** `; did you mean "x"?`, or else `; known are a, b`, or nothing when there are no candidates. */
export function suggestion(word: string, candidates: readonly string[]): string {
  const meant = closest(word, candidates)
  if (meant !== undefined) return `; did you mean "${meant}"?`
  return candidates.length === 0 ? '' : `; known: ${[...new Set(candidates)].join(', ')}`
}

/** `there is no cluster "esat"; did you mean "east"?` when `known` lacks the name; undefined when it has it. */
export function unknownName(what: string, name: string, known: readonly string[]): string | undefined {
  return known.includes(name) ? undefined : `there is no ${what} ${shown(name)}${suggestion(name, known)}`
}

/** A value from a file as one line of a message: quoted, shortened, control characters made visible. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'string') return 'a map'
  return `"${printable(shortened(value, 60))}"`
}

/** At most so many characters, the last of them an ellipsis when some are left out. */
export function shortened(text: string, length: number): string {
  // Code points, so that no pair is torn; only as many as can matter.
  const points = Array.from(text.slice(0, 2 * length + 2))
  return points.length <= length ? text : `${points.slice(0, length - 1).join('')}…`
}
