import { UsageError } from '../../../errors.ts'
import type { MeshInput, MeshPart } from '../mesh-part.ts'

export function istioPart(input: MeshInput): MeshPart {
  throw new UsageError(`scenario "${input.plan.scenario.name}" has paths in a mesh`, {
    hint: '--mesh none runs it without one',
  })
}
