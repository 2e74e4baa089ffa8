import type { Target } from '../agent/protocol.ts'
import { UsageError } from '../errors.ts'

/** An endpoint to probe: `http://…`, or `NAME=http://…` to have a name for it in the tables. */
export interface ProbeTarget {
  /** The given name, or the URL. */
  readonly name: string
  /** Without user and password, which go into the target's Authorization header and nowhere else. */
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
  const parsed = parse(named ?? endpoint)
  const authorization = basicAuthorization(parsed)
  const url = authorization === undefined ? (named ?? endpoint) : bare(parsed)
  return {
    name: given ?? url,
    url,
    target: {
      path: `endpoint-${index + 1}`,
      host: parsed.hostname.replace(/^\[|\]$/g, ''),
      port: parsed.port === '' ? 80 : Number(parsed.port),
      httpPath: `${parsed.pathname}${parsed.search}`,
      authority: parsed.host,
      ...(authorization === undefined ? {} : { authorization }),
    },
  }
}

/** Basic authentication (RFC 7617) for `http://USER:PASSWORD@…`; undefined without a user. */
function basicAuthorization(parsed: URL): string | undefined {
  const { username, password } = parsed
  if (username === '' && password === '') return undefined
  const refuse = (why: string): never => {
    throw new UsageError(`cannot probe ${bare(parsed)}: ${why}`, {
      hint: 'percent-encode what is not a letter or a digit, such as %40 for @',
    })
  }
  let user: string
  let secret: string
  try {
    ;[user, secret] = [decodeURIComponent(username), decodeURIComponent(password)]
  } catch {
    return refuse('its user or password is not percent-encoded')
  }
  if (user.includes(':')) return refuse('a user name of Basic authentication has no colon')
  return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`
}

function bare(parsed: URL): string {
  const copy = new URL(parsed)
  copy.username = copy.password = ''
  return copy.href
}

/** What was meant as a URL: whatever stands before an @ may be a password. */
function guarded(url: string): string {
  return url.replace(/^([\w+.-]*:?\/\/)?.*@/s, '$1')
}

function parse(url: string): URL {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    // Its cause would say it again.
    throw new UsageError(`"${guarded(url)}" is no URL`, {
      hint: 'write it whole, such as http://127.0.0.1:8080/',
    })
  }
  const shown = bare(parsed)
  if (parsed.protocol === 'https:') {
    throw new UsageError(`cannot probe ${shown}: TLS of one's own is not measured`, {
      hint: 'probe the plain port',
    })
  }
  if (parsed.protocol !== 'http:') throw new UsageError(`cannot probe ${guarded(url)}: only http:// URLs`, {})
  if (parsed.hostname === '' || parsed.port === '0') {
    throw new UsageError(`cannot probe ${shown}: nobody listens on port 0`, {})
  }
  return parsed
}
