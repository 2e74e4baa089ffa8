import { withoutNamedSecret, withoutSecrets, withoutUserFolders } from '../redact.ts'
import type { JournalEvent, PathEvidence } from './schema.ts'

/** What programs say can be megabytes; the first lines say why. */
const maxCharacters = 16_384

/** An event as it may be published: what programs and errors said is kept without passwords and names of users. */
export function forKeeping(event: JournalEvent): JournalEvent {
  switch (event.type) {
    case 'run':
      return {
        ...event,
        labels: cleanEach(event.labels),
        overrides: cleanEach(event.overrides),
        ...eachVariant(event, (own) => ({ ...own, settings: cleanEach(own.settings) })),
      }
    case 'build':
      return {
        ...event,
        facts: cleanEach(event.facts),
        ...eachVariant(event, (own) => ({ ...own, facts: cleanEach(own.facts) })),
      }
    case 'proof':
      return { ...event, evidence: event.evidence.map(evidenceForKeeping) }
    case 'restart':
      return event.facts === undefined ? event : { ...event, facts: cleanEach(event.facts) }
    case 'round':
      return {
        ...event,
        paths: event.paths.map((path) =>
          path.firstError === undefined ? path : { ...path, firstError: clean(path.firstError) },
        ),
        evidence: event.evidence.map(evidenceForKeeping),
      }
    case 'unreachable':
      return { ...event, observed: clean(event.observed) }
    case 'note':
      return { ...event, message: clean(event.message) }
    case 'end':
      return event.reason === undefined ? event : { ...event, reason: clean(event.reason) }
    default:
      return event
  }
}

function evidenceForKeeping(evidence: PathEvidence): PathEvidence {
  return { ...evidence, reasons: evidence.reasons.map(clean) }
}

/** The variants of an event, where it has any. */
function eachVariant<V>(
  { variants }: { readonly variants?: readonly V[] | undefined },
  keep: (own: V) => V,
): { variants?: V[] } {
  return variants === undefined ? {} : { variants: variants.map(keep) }
}

/** What a value is may be said by its name, as of a label `token`, or in it, as of `--istio-set …TOKEN=…`. */
function cleanEach(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, withoutNamedSecret(name, clean(value))]),
  )
}

function clean(text: string): string {
  const short = text.length > maxCharacters ? `${text.slice(0, maxCharacters - 1)}…` : text
  return withoutUserFolders(withoutSecrets(short))
}
