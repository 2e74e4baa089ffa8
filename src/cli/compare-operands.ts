import { UsageError } from '../errors.ts'
import type { RunResult } from '../results/schema.ts'
import { takeVariant } from '../results/take-variant.ts'
import { scenarioNameOf, variantNames } from '../results/variants.ts'
import { isEmpty } from './empty-values.ts'

/** A run, or what was named of it with `#`. */
export interface Operand {
  readonly run: string
  readonly name?: string
}

/** What an operand means in the run that it names. */
export type Meant =
  | { readonly run: RunResult }
  | { readonly run: RunResult; readonly path: string }
  | { readonly run: RunResult; readonly variant: string }

/** Reads `RUN`, `RUN#NAME` and several of them joined by commas. @throws UsageError when a run is not named */
export function parseOperands(text: string): readonly Operand[] {
  const operands = text.split(',').map((part): Operand => {
    const at = part.lastIndexOf('#')
    return at > 0 ? { run: part.slice(0, at), name: part.slice(at + 1) } : { run: part }
  })
  if (operands.every(({ run }) => isEmpty(run))) throw new UsageError(`"${text}" names no run`)
  if (operands.some(({ run }) => isEmpty(run))) throw new UsageError(`"${text}" names a run that is empty`)
  return operands
}

/** Whether the name is that of a path or of a variant. @throws UsageError when it is neither, or could be both */
export function meantBy({ name }: Operand, run: RunResult): Meant {
  if (name === undefined) return { run }
  const variants = variantNames(run)
  const paths = run.paths.map((path) => path.name)
  if (name.startsWith('@') && variants.includes(name.slice(1))) return { run, variant: name.slice(1) }
  const sameName = run.paths.filter((path) => scenarioNameOf(path) === name).map((path) => path.name)
  if (variants.includes(name)) {
    if (sameName.length === 0) return { run, variant: name }
    throw new UsageError(`"${name}" is a variant of ${run.id} and a path of it`, {
      hint: `write #@${name} for the variant, #${sameName.join(' or #')} for the path`,
    })
  }
  if (paths.includes(name)) return { run, path: name }
  if (sameName.length > 0) {
    throw new UsageError(
      `"${name}" is a path of every variant of ${run.id}; name one: ${sameName.join(', ')}`,
      {
        hint: `${run.id}#${variants[0]} ${run.id}#${variants[1]} compares the variants, path by path`,
      },
    )
  }
  if (variants.length === 0) {
    throw new UsageError(`${run.id} has no path "${name}"; it has ${paths.join(', ')}`)
  }
  throw new UsageError(
    `${run.id} has no variant and no path "${name}"; its variants: ${variants.join(', ')}; its paths: ${paths.join(', ')}`,
  )
}

/** What a side of a comparison of separate runs is made of: runs, or variants taken out of them. */
export function asRun(meant: Meant): RunResult {
  return 'variant' in meant ? takeVariant(meant.run, meant.variant) : meant.run
}
