import type { StatWarning } from '../stats/warnings.ts'

/** One line per distinct warning, with what it is about unless that is everything. */
export function groupedWarnings(
  items: readonly { readonly about: string; readonly warnings: readonly StatWarning[] }[],
): string[] {
  const abouts = new Map<string, string[]>()
  for (const { about, warnings } of items) {
    for (const { message } of warnings) abouts.set(message, [...(abouts.get(message) ?? []), about])
  }
  return [...abouts].map(([message, about]) =>
    about.length === items.length ? message : `${[...new Set(about)].join(', ')}: ${message}`,
  )
}
