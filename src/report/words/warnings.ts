import type { StatWarning } from '../../stats/warnings.ts'

/** One line per distinct warning, with what it is about unless that is everything. */
export function groupedWarnings(
  items: readonly { readonly about: string; readonly warnings: readonly StatWarning[] }[],
): string[] {
  const abouts = new Map<string, string[]>()
  for (const { about, warnings } of items) {
    for (const { message } of warnings) abouts.set(message, [...(abouts.get(message) ?? []), about])
  }
  return [...abouts].map(([message, about]) =>
    about.length === items.length ? message : `${shortList([...new Set(about)])}: ${message}`,
  )
}

/** Tables of many metrics would make lines that nobody reads. */
function shortList(names: readonly string[]): string {
  const shown = names.length <= 4 ? names : [...names.slice(0, 3), `${names.length - 3} more`]
  return shown.join(', ')
}
