import { homedir, userInfo } from 'node:os'

/**
 * Passwords, tokens and keys that programs, URLs and errors carry along. What is printed or kept goes through here:
 * nobody should have to read an answer before pasting it into an issue.
 */

const hidden = '***'

/** Each keeps what tells a reader which secret it was. */
const secrets: readonly (readonly [pattern: RegExp, shown: string])[] = [
  // https://user:password@host, also with the password alone or nothing but a token.
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#"'<>@\\]+(?:@[^\s/?#"'<>@\\]+)*@(?!sha256:)/gi, `$1${hidden}@`],
  // Words of a sentence, as in "Basic authentication", have no capital or digit inside.
  [/\b([Bb]asic|[Bb]earer|[Dd]igest|[Nn]egotiate)(\s+)(?=\S+[\dA-Z+/=~])[\w+/.=~-]{8,}/g, `$1$2${hidden}`],
  [
    /(-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----)[\s\S]*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g,
    `$1${hidden}$2`,
  ],
  // Three base64url parts, the first of which is a JSON object: a JSON Web Token, such as every service account has.
  [/\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g, hidden],
  [/\b(?:gh[opsu]_|github_pat_|glpat-|xox[abps]-|dckr_pat_)[\w-]{10,}/g, hidden],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, hidden],
  // --token abc, --password=abc, "client-key-data": "abc", token: abc, ACCESS_TOKEN=abc, ?api_key=abc
  [
    /((?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|client-key-data|credentials?|authorization)["']?(?:\s*[=:]\s*|(?<=--[\w-]*)\s+)["']?)(?!["'\s]|\*{3}|(?:Basic|Bearer|Digest|Negotiate)\s)[^\s"'&,;\\]+/gi,
    `$1${hidden}`,
  ],
]

const secretName = /^(?:.*[._-])?(?:password|passwd|passphrase|secret|token|authorization|api[._-]?key)$/i

/** A copy of data for JSON without the secrets in its strings, and without strings that a name says are secret. */
export function jsonWithoutSecrets(key: string, value: unknown): unknown {
  return typeof value === 'string' ? withoutNamedSecret(key, value) : value
}

/** A text without its secrets, and without itself where its name says that it is one. */
export function withoutNamedSecret(name: string, text: string): string {
  return secretName.test(name) && text !== '' ? hidden : withoutSecrets(text)
}

/** The text without passwords, tokens and private keys. */
export function withoutSecrets(text: string): string {
  let clean = text
  for (const [pattern, shown] of secrets) clean = clean.replace(pattern, shown)
  return clean
}

/**
 * The text without the names of users in paths: what is kept gets published, and a failed step quotes the paths of its
 * command line.
 */
export function withoutUserFolders(text: string, home = homedir(), user = userName()): string {
  const ownHome = new RegExp(String.raw`(?<![\w./~-])${literal(home)}(?![\w.-])`, 'g')
  const atHome = home.length > 1 ? text.replace(ownHome, '~') : text
  const inHomes = atHome.replace(/(\/(?:home|Users)\/)[^/\s:'"<>]+/g, `$1${hidden}`)
  // A name such as "root" or "data" is also a folder of every system.
  if (user.length < 3 || user === 'root') return inHomes
  return inHomes.replace(new RegExp(String.raw`(?<=/)${literal(user)}(?![\w.-])`, 'g'), hidden)
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return '' // a container may run under a number that has no name
  }
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}
