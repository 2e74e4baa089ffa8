import type { RunResult } from '../../results/schema.ts'

/** e.g. `istio 1.27.1`. */
export function engineOf({ builds }: RunResult): string {
  const engine = builds[0]?.engine
  return engine ? `${engine.name} ${engine.version}` : 'no engine'
}
