import type { z } from 'zod'

const shown = 3

/** The first findings of a schema check in one line: `paths[2].n: expected number, received NaN`. */
export function explainIssues(error: z.ZodError): string {
  const lines = error.issues.slice(0, shown).map((issue) => {
    const place = issue.path
      .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key).slice(0, 60)}`))
      .join('')
      .replace(/^\./, '')
    return place === '' ? issue.message.slice(0, 200) : `${place}: ${issue.message.slice(0, 200)}`
  })
  const more = error.issues.length - lines.length
  return lines.join('; ') + (more > 0 ? `; and ${more} more` : '')
}
