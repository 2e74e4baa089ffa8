import type { JournalEvent, RoundEvent, RunHeader } from '../schema.ts'
import { sampleEvents, type SampleEventsOptions } from './sample-run.ts'

/** The A/A control that runs of format 1 had: the path `single` a second time, under another name. */
export const controlName = 'single-control'

/** The same run as hopmeter wrote it in result format 1: one start per build, a control, no halves of requests. */
export function sampleEventsOfFormat1(options: Omit<SampleEventsOptions, 'restarts'> = {}): JournalEvent[] {
  return sampleEvents(options).flatMap((event): JournalEvent[] => {
    if (event.type === 'restart') return []
    if (event.type === 'run') return [headerOfFormat1(event)]
    return [event.type === 'round' ? roundOfFormat1(event) : event]
  })
}

function headerOfFormat1(header: RunHeader): RunHeader {
  const { restarts: _restarts, ...rounds } = header.rounds
  const single = header.paths.find(({ name }) => name === 'single')!
  const control = { ...single, name: controlName, controlOf: 'single' }
  return { ...header, schemaVersion: 1, hopmeterVersion: '0.1.0', rounds, paths: [...header.paths, control] }
}

function roundOfFormat1(event: RoundEvent): RoundEvent {
  const { restart: _, ...round } = event
  const withControl = <T extends { readonly path: string }>(items: readonly T[]): T[] => [
    ...items,
    ...items.filter(({ path }) => path === 'single').map((item) => ({ ...item, path: controlName })),
  ]
  const paths = round.paths.map(({ halvesNs: _halves, ...path }) => path)
  return { ...round, paths: withControl(paths), evidence: withControl(round.evidence) }
}
