import type { JournalEvent, PathRound, RecordedComponent, RunHeader } from '../schema.ts'
import { samplePathRound, sampleValues } from './sample-run.ts'

export interface SampleVariant {
  readonly name: string
  readonly engine?: { readonly name: string; readonly version: string; readonly simulated?: boolean }
  readonly settings?: Readonly<Record<string, string>>
  /** What its requests take longer by, as a factor. */
  readonly factor?: number
}

export const sampleVariants: readonly SampleVariant[] = [
  { name: 'base', engine: { name: 'lab-ztunnel', version: '1.30.3', simulated: false } },
  {
    name: 'pr',
    engine: { name: 'lab-ztunnel', version: '1.31.0', simulated: false },
    settings: { 'ztunnel-threads': '1' },
  },
]

/** The same run with every path once per variant; pods are shared, what forwards bytes is not. */
export function sideBySide(
  events: readonly JournalEvent[],
  variants: readonly SampleVariant[] = sampleVariants,
): JournalEvent[] {
  return events.map((event): JournalEvent => {
    switch (event.type) {
      case 'run':
        return {
          ...event,
          variants: variants.map(({ name, settings = {} }) => ({ name, settings })),
          paths: event.paths.flatMap((path) => variants.map((variant) => pathOf(path, variant.name))),
        }
      case 'build': {
        const stood = variants.map(({ name, engine = event.engine }) => ({
          ...{ name, engine, loadBalancer: event.loadBalancer, facts: {} },
        }))
        return { ...event, engine: stood[0]?.engine ?? event.engine, variants: stood }
      }
      case 'round': {
        const { paths, evidence, componentCpu } = event
        const seed = event.build * 1_000_003 + (event.restart ?? 1) * 50_021 + event.round * 1009
        return {
          ...event,
          paths: paths.flatMap((path, i) =>
            variants.map((variant, v) => roundOf(path, variant, evidence[i]?.observed.length ?? 2, seed + v)),
          ),
          evidence: evidence.flatMap((seen) =>
            variants.map(({ name }) => ({
              ...seen,
              path: `${seen.path}@${name}`,
              observed: seen.observed.map((component) => componentOf(component, name)),
              hops: seen.hops.map((hop) => ({ ...hop, component: componentOf(hop.component, name) })),
            })),
          ),
          componentCpu: componentCpu.flatMap(({ component, cpuMs }) =>
            isPod(component)
              ? [{ component, cpuMs }]
              : variants.map(({ name, factor = 1 }) => ({
                  component: componentOf(component, name),
                  cpuMs: cpuMs * factor,
                })),
          ),
        }
      }
      default:
        return event
    }
  })
}

/** The same variants, one of which stood at a time: each has starts and rounds of its own, on parts that all share. */
export function oneAfterAnother(
  events: readonly JournalEvent[],
  variants: readonly SampleVariant[] = sampleVariants,
): JournalEvent[] {
  return sideBySide(events, variants).flatMap((event): JournalEvent[] => {
    switch (event.type) {
      case 'run': {
        const paths = event.paths.map((path) => ({ ...path, expected: path.expected.map(plain) }))
        return [{ ...event, switched: true, paths }]
      }
      case 'restart':
        return variants.map(({ name }) => ({
          ...event,
          variant: name,
          facts: { ztunnel: `ztunnel:${name}` },
        }))
      case 'round':
        return variants.map(({ name }) => {
          const isOwn = ({ path }: { readonly path: string }) => path.endsWith(`@${name}`)
          return {
            ...event,
            variant: name,
            paths: event.paths.filter(isOwn),
            evidence: event.evidence.filter(isOwn).map((seen) => ({
              ...seen,
              observed: seen.observed.map(plain),
              hops: seen.hops.map((hop) => ({ ...hop, component: plain(hop.component) })),
            })),
            componentCpu: event.componentCpu
              .filter(({ component }) => component.variant === undefined || component.variant === name)
              .map((own) => ({ ...own, component: plain(own.component) })),
          }
        })
      default:
        return [event]
    }
  })
}

function plain({ variant: _variant, ...component }: RecordedComponent): RecordedComponent {
  return component
}

function pathOf(path: RunHeader['paths'][number], variant: string): RunHeader['paths'][number] {
  const expected = path.expected.map((component) => componentOf(component, variant))
  return { ...path, name: `${path.name}@${variant}`, variant, scenarioPath: path.name, expected }
}

function roundOf(
  path: PathRound,
  { name, factor = 1 }: SampleVariant,
  hops: number,
  seed: number,
): PathRound {
  const values = sampleValues(hops, path.n, seed + 7 * hops).map((value) => Math.round(value * factor))
  return samplePathRound(values, { path: `${path.path}@${name}`, load: path.load })
}

function componentOf(component: RecordedComponent, variant: string): RecordedComponent {
  return isPod(component) ? component : { ...component, variant }
}

function isPod({ kind }: RecordedComponent): boolean {
  return kind === 'client-pod' || kind === 'server-pod'
}
