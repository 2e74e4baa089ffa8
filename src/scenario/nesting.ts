import { CST, Lexer } from 'yaml'

/** Scenarios need five of each. */
const maxFlowDepth = 32
const maxIndicatorColumn = 100

/** Tokens by which the lexer tells its mode; they are not in the text. */
const marks = new Set<string>([CST.DOCUMENT, CST.FLOW_END, CST.SCALAR])

/**
 * Where a YAML text first nests far deeper than any scenario, as an offset; undefined when it does not.
 * The parser recurses, and V8 ends the whole process when it runs out of stack while compiling a regular expression:
 * what could go that deep must be refused before. The lexer does not recurse.
 */
export function tooDeepAt(text: string): number | undefined {
  let offset = 0
  let flowDepth = 0
  for (const token of new Lexer().lex(text)) {
    switch (CST.tokenType(token)) {
      case 'flow-map-start':
      case 'flow-seq-start':
        flowDepth += 1
        if (flowDepth > maxFlowDepth) return offset
        break
      case 'flow-map-end':
      case 'flow-seq-end':
        flowDepth = Math.max(0, flowDepth - 1)
        break
      // Each opens a level where it stands, so a line of them is a tower; maps are bounded by their indentation.
      case 'seq-item-ind':
      case 'explicit-key-ind':
        if (offset - text.lastIndexOf('\n', offset) > maxIndicatorColumn) return offset
        break
      default:
    }
    if (!marks.has(token)) offset += token.length
  }
  return undefined
}
