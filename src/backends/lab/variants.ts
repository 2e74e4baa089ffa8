import type { Placement } from '../../topology/model.ts'
import type { VariantChoice } from '../backend.ts'
import { findEngines, unseenEngines, type EngineChoice, type Engines } from './engines/engines.ts'

/** Settings of programs that others wrote; absent: as Istio's charts have them, and one thread for the rest. */
export interface Tuning {
  readonly ztunnelThreads?: number | undefined
  /** What ztunnel logs, in the form of RUST_LOG. */
  readonly ztunnelLog?: string | undefined
  readonly gatewayThreads?: number | undefined
  readonly loadBalancerThreads?: number | undefined
}

/** What forwards the bytes of one of several variants, as it was asked for. */
export interface LabVariant extends VariantChoice {
  readonly engines: EngineChoice
  readonly tuning: Tuning
}

/** The same, found. */
export interface ReadyVariant {
  /** undefined: it is the only one. */
  readonly name: string | undefined
  readonly engines: Engines
  readonly tuning: Tuning
}

interface Choices {
  readonly engines?: EngineChoice | undefined
  readonly tuning?: Tuning | undefined
  readonly variants?: readonly LabVariant[] | undefined
}

/** As it was asked for. */
export type ChosenVariant = Pick<LabVariant, 'engines' | 'tuning'> & { readonly name: string | undefined }

/** What was asked for, variant by variant; one without a name where there are none. */
export function chosenVariants({ engines = {}, tuning = {}, variants }: Choices): readonly ChosenVariant[] {
  return variants ?? [{ name: undefined, engines, tuning }]
}

/** @throws RangeError when there is none of that name */
export function variantOf<T extends { readonly name: string | undefined }>(
  variants: readonly T[],
  name: string | undefined,
): T {
  const found = variants.find((variant) => variant.name === name)
  if (found) return found
  throw new RangeError(`no variant "${name}"`)
}

interface Place {
  readonly placement: Placement
  readonly variant?: string | undefined
}

/** Where ztunnels are real ones. */
export function realZtunnelAt({
  ownZtunnelAt,
  ...choices
}: Choices & { readonly ownZtunnelAt?: ((placement: Placement) => boolean) | undefined }): (
  place: Place,
) => boolean {
  const variants = chosenVariants(choices)
  return ({ placement, variant }) =>
    variantOf(variants, variant).engines.ztunnel !== undefined && !ownZtunnelAt?.(placement)
}

/** With programs as they were named. */
export function unseenVariants(choices: Choices): readonly ReadyVariant[] {
  return chosenVariants(choices).map(({ engines, ...same }) => ({ ...same, engines: unseenEngines(engines) }))
}

/** @throws EnvironmentError when a program is not there or is something else. */
export function findVariants(choices: Choices, signal?: AbortSignal): Promise<readonly ReadyVariant[]> {
  return Promise.all(
    chosenVariants(choices).map(async ({ name, engines, tuning }) => ({
      name,
      engines: await findEngines(engines, signal),
      tuning,
    })),
  )
}
