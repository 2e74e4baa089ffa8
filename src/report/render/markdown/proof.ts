import { proofTable, type Proof } from '../../tables/proof.ts'
import { renderMarkdown } from './table.ts'

/** What was seen of every path, one row each. */
export function proofMarkdown(proof: Proof): string {
  return renderMarkdown(proofTable(proof))
}
