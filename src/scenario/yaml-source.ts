import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  Document as YamlDocument,
} from 'yaml'
import type { Document, Node, Pair } from 'yaml'
import type { ScenarioProblem } from '../errors.ts'
import type { DataPath, Finding } from './finding.ts'
import { tooDeepAt } from './nesting.ts'
import { printable } from '../terminal-text.ts'
import { shortened } from './suggest.ts'

export interface YamlSource {
  /** Plain data, or undefined when the text is no YAML that could be read further. */
  readonly data: unknown
  /** What is wrong with the text as YAML. */
  readonly problems: readonly ScenarioProblem[]
  /** Where a finding is in the text; the nearest enclosing place for fields that are missing. */
  locate(finding: Finding): ScenarioProblem
}

/** Enough for repeated payloads and CIDRs; expansion bombs need many more. */
const maxAliases = 32
const tooManyAliases = `aliases stand for more than ${maxAliases} values; write the values out`

/**
 * Reads one document of plain YAML 1.2 (core schema; no tags, no merge keys) and remembers where each field was.
 * Never throws on what a text contains.
 */
export function readYaml(text: string): YamlSource {
  const at = placesIn(text)
  const deep = tooDeepAt(text)
  if (deep !== undefined) {
    const tower = at(deep, 'nested too deeply')
    return { data: undefined, problems: [tower], locate: () => tower }
  }
  const hidden = unprintable.exec(text)
  if (hidden) {
    const found = at(hidden.index, `${hidden[0]} is not allowed: a scenario shows what it holds`)
    return { data: undefined, problems: [found], locate: () => found }
  }
  const { document, second } = onlyDocument(text)
  if (second !== undefined) {
    const found = at(second, 'a scenario file holds one document, here a second one starts')
    return { data: undefined, problems: [found], locate: () => found }
  }
  // An unknown tag is a warning to the library; all tags are refused below.
  const warnings = document.warnings.filter((warning) => warning.code !== 'TAG_RESOLVE_FAILED')
  const problems = [...document.errors, ...warnings].map((error) =>
    at(error.pos[0], syntaxMessage(error.code, error.message, text, error.pos[0])),
  )
  const locate = (finding: Finding) => {
    const source = finding.asWritten && writtenAt(document, finding.path)
    return at(
      offsetOf(document, finding),
      source === undefined ? finding.message : finding.asWritten!(source),
    )
  }
  const unreadable = { data: undefined, problems, locate }
  // After a syntax error the rest of the tree is guesswork; a duplicate key leaves it whole.
  if (document.errors.some((error) => error.code !== 'DUPLICATE_KEY')) return unreadable
  const structure = structureProblems(document, at)
  problems.push(...structure.problems)
  if (!structure.readable) return unreadable
  try {
    const data: unknown = document.toJS({ maxAliasCount: maxAliases })
    if (data !== null) return { data, problems, locate }
    problems.push(at(0, 'the document is empty'))
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    problems.push(at(0, tooManyAliases))
  }
  return unreadable
}

/** Not characters of YAML, or such that reorder what a reader sees. */
const unprintable = /[^\P{Cc}\t\n\r]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/u

/** The one document that says something: a file may end with `---`, or start with an empty one. */
function onlyDocument(text: string): { readonly document: Document; readonly second?: number } {
  const all = parseAllDocuments(text, { prettyErrors: false, version: '1.2' })
  const documents: readonly Document[] = Array.isArray(all) ? all : []
  const [document = new YamlDocument(), other] = documents.filter(
    ({ contents, errors }) => !isEmpty(contents) || errors.length > 0,
  )
  return other ? { document, second: other.range?.[0] ?? 0 } : { document }
}

type ProblemAt = (offset: number, message: string) => ScenarioProblem

function placesIn(text: string): ProblemAt {
  const lines = new LineCounter()
  lines.addNewLine(0)
  for (const { index } of text.matchAll(/\n/g)) lines.addNewLine(index + 1)
  return (offset, message) => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col, message: printable(shortened(message, 1000)) }
  }
}

function syntaxMessage(code: string, message: string, text: string, offset: number): string {
  switch (code) {
    case 'DUPLICATE_KEY':
      return `key ${/^[^\s:]*/.exec(text.slice(offset, offset + 60))?.[0]} is written twice`
    default:
      return message
  }
}

/** What YAML allows and a scenario does not: things that plain data cannot hold, or that hide what a reader sees. */
function structureProblems(document: Document, at: ProblemAt) {
  const problems: ScenarioProblem[] = []
  let readable = true
  const refuse = (node: unknown, message: string) => {
    problems.push(at(start(node), message))
    readable = false
  }
  if (document.directives && document.directives.yaml.version !== '1.2') {
    refuse(undefined, `scenarios are YAML 1.2, this file says ${document.directives.yaml.version}`)
  }
  let aliases = 0
  visit(document, {
    Alias(_key, alias) {
      aliases += 1
      // Looking an anchor up walks the whole document, so the number of look-ups is bounded first.
      if (aliases > maxAliases) {
        refuse(alias, tooManyAliases)
        return visit.BREAK
      }
      if (!alias.resolve(document)) refuse(alias, `there is no anchor "${alias.source}" before this alias`)
      return undefined
    },
    Value(_key, node) {
      if (node.tag !== undefined) refuse(node, `tag ${node.tag}: a scenario is plain YAML, without tags`)
    },
    Pair(_key, { key }) {
      if (!isScalar(key)) refuse(key, 'a key must be plain text')
      else if (key.value === '__proto__') problems.push(at(start(key), 'key "__proto__" is not allowed'))
      else if (key.value === '<<') {
        problems.push(at(start(key), 'merge keys (<<) are not part of YAML 1.2; write the fields out'))
      }
    },
  })
  return { problems, readable }
}

function offsetOf(document: Document, { path, at }: Finding): number {
  let node: unknown = document.contents
  let offset = start(node)
  for (const [depth, step] of path.entries()) {
    const collection: unknown = isAlias(node) ? node.resolve(document) : node
    if (isMap(collection)) {
      const pair = collection.items.find((item) => keyText(item) === String(step))
      if (!pair) return offset
      const last = depth === path.length - 1
      offset = (last && at === 'key') || isEmpty(pair.value) ? start(pair.key) : start(pair.value)
      node = pair.value
    } else if (isSeq(collection) && typeof step === 'number' && step < collection.items.length) {
      node = collection.items[step]
      offset = start(node)
    } else return offset
  }
  return offset
}

/** The scalar at a path as the file has it; undefined when there is none. */
function writtenAt(document: Document, path: DataPath): string | undefined {
  const node: unknown = document.getIn(path, true)
  const scalar: unknown = isAlias(node) ? node.resolve(document) : node
  if (!isScalar(scalar) || scalar.source === undefined || scalar.source === '') return undefined
  return shortened(scalar.source, 60)
}

function keyText(pair: Pair): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined
}

/** `field:` with nothing after it has no place of its own worth pointing at. */
function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null && !node.source)
}

function start(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0
}
