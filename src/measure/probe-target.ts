import type { Target } from '../agent/protocol.ts'
import { UsageError } from '../errors.ts'

/** An endpoint to probe: `http://…`, or `NAME=http://…` to have a name for it in the tables. */
export interface ProbeTarget {
  /** The given name, or the URL. */
  readonly name: string
  readonly url: string
  readonly target: Target
}

/**
 * Reads the endpoints of a probe. Targets are told apart by their place, so that one URL given twice is an A/A test.
 * @throws UsageError for what cannot be dialled, and for one name given to two endpoints.
 */
export function probeTargets(endpoints: readonly string[]): readonly ProbeTarget[] {
  const targets = endpoints.map(probeTarget)
  const named = targets.filter(({ name, url }) => name !== url).map(({ name }) => name)
  const twice = named.find((name, i) => named.indexOf(name) !== i)
  if (twice !== undefined) {
    throw new UsageError(`two endpoints are named "${twice}"`, { hint: 'give each a name of its own' })
  }
  return targets
}

function probeTarget(endpoint: string, index: number): ProbeTarget {
  const [, given, named] = /^([\w.-]+)=(.*)$/s.exec(endpoint) ?? []
  const url = named ?? endpoint
  const parsed = parse(url)
  return {
    name: given ?? url,
    url,
    target: {
      path: `endpoint-${index + 1}`,
      host: parsed.hostname.replace(/^\[|\]$/g, ''),
      port: parsed.port === '' ? 80 : Number(parsed.port),
      httpPath: `${parsed.pathname}${parsed.search}`,
      authority: parsed.host,
    },
  }
}

function parse(url: string): URL {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch (cause) {
    throw new UsageError(`"${url}" is no URL`, {
      cause,
      hint: 'write it whole, such as http://127.0.0.1:8080/',
    })
  }
  if (parsed.protocol === 'https:') {
    throw new UsageError(`cannot probe ${url}: TLS of one's own is not measured`, {
      hint: 'probe the plain port',
    })
  }
  if (parsed.protocol !== 'http:') throw new UsageError(`cannot probe ${url}: only http:// URLs`, {})
  return parsed
}
