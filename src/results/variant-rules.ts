import { engineText } from './build-traits.ts'
import type { BuildEvent, RecordedComponent, RunHeader } from './schema.ts'
import { scenarioNameOf } from './variants.ts'

type Path = RunHeader['paths'][number]

interface MeasuredVariant {
  readonly variant?: string | undefined
  readonly paths: readonly { readonly path: string }[]
  readonly evidence: readonly { readonly path: string }[]
}

/** What a run says of its variants must fit together: a ratio between things that never met would be worse than none. */
export class VariantRules {
  readonly #names: readonly string[]
  readonly #isSwitched: boolean
  readonly #variantOf: ReadonlyMap<string, string | undefined>

  /** @throws Error when variants, paths and their components contradict each other. */
  constructor({ paths, variants, switched }: Pick<RunHeader, 'paths' | 'variants' | 'switched'>) {
    this.#names = variants?.map(({ name }) => name) ?? []
    this.#isSwitched = switched === true
    this.#variantOf = new Map(paths.map(({ name, variant }) => [name, variant]))
    if (switched && variants === undefined) throw new Error('it switches between variants and has none')
    if (variants !== undefined) this.#checkNames()
    for (const path of paths) this.#checkPath(path)
    const names = new Set(paths.map(({ name }) => name))
    for (const scenarioPath of new Set(paths.map(scenarioNameOf))) {
      const missing = this.#names.find((variant) => !names.has(`${scenarioPath}@${variant}`))
      if (missing !== undefined) throw new Error(`path "${scenarioPath}" is missing of variant "${missing}"`)
    }
  }

  /** @throws Error when a testbed stood with other variants than the run has. */
  build({ build, engine, variants }: Pick<BuildEvent, 'build' | 'engine' | 'variants'>): void {
    const stood = variants?.map(({ name }) => name) ?? []
    if (stood.join('\n') !== this.#names.join('\n')) {
      throw new Error(`build ${build} has ${listed(stood)}, the run ${listed(this.#names)}`)
    }
    const first = variants?.[0]?.engine
    if (first && (first.name !== engine.name || first.version !== engine.version)) {
      throw new Error(`build ${build}: its engine is ${engineText(engine)}, that of "${stood[0]}" another`)
    }
  }

  /** @throws Error when a component is of a variant that the run does not have. */
  component({ kind, cluster, variant }: RecordedComponent): void {
    if (variant !== undefined && !this.#names.includes(variant)) {
      throw new Error(`the ${kind} of ${cluster} is of variant "${variant}", ${this.#ofRun()}`)
    }
  }

  /** @throws Error when a round has other variants than those that stood while it was measured. */
  round({ variant, paths, evidence }: MeasuredVariant): void {
    if ((variant !== undefined) !== this.#isSwitched) {
      throw new Error(
        variant === undefined
          ? 'a round is of no variant'
          : `a round is of "${variant}" alone, the run of all`,
      )
    }
    if (variant === undefined) return
    if (!this.#names.includes(variant))
      throw new Error(`a round is of variant "${variant}", ${this.#ofRun()}`)
    const other = [...paths, ...evidence].find(({ path }) => this.#variantOf.get(path) !== variant)
    if (other) throw new Error(`a round of variant "${variant}" has path "${other.path}"`)
  }

  #checkNames(): void {
    if (this.#names.length < 2) throw new Error(`${listed(this.#names)}, and nothing that stood beside`)
    if (this.#names.includes('')) throw new Error('a variant has no name')
    const twice = this.#names.find((name, i) => this.#names.indexOf(name) !== i)
    if (twice !== undefined) throw new Error(`variant "${twice}" is there twice`)
  }

  #checkPath({ name, variant, scenarioPath, expected }: Path): void {
    for (const component of expected) {
      this.component(component)
      if (component.variant !== undefined && component.variant !== variant) {
        throw new Error(
          `path "${name}" visits the ${component.kind} of ${component.cluster} of another variant`,
        )
      }
    }
    if (this.#names.length === 0 && variant === undefined && scenarioPath === undefined) return
    if (variant === undefined) throw new Error(`path "${name}" is of no variant, ${this.#ofRun()}`)
    if (!this.#names.includes(variant)) {
      throw new Error(`path "${name}" is of variant "${variant}", ${this.#ofRun()}`)
    }
    if (scenarioPath === undefined) {
      throw new Error(
        `path "${name}" is of variant "${variant}", without the name that it has in the scenario`,
      )
    }
    if (name !== `${scenarioPath}@${variant}`) {
      throw new Error(`path "${name}" is "${scenarioPath}" of variant "${variant}", and not called so`)
    }
  }

  #ofRun(): string {
    return `and the run has ${listed(this.#names)}`
  }
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no variants'
  return `the ${names.length === 1 ? 'variant' : 'variants'} ${names.map((name) => `"${name}"`).join(', ')}`
}
