import { clientPodsOf, type Place, type Testbed } from '../backends/backend.ts'
import type { Plan } from '../plan/plan-scenario.ts'
import { textTable } from '../report/render/text/table.ts'
import { engineText } from '../results/build-traits.ts'

/** A testbed that stands, for those who want to send something else through it. */
export interface StandingSummary {
  readonly scenario: string
  readonly backend: string
  readonly engine: { readonly name: string; readonly version: string }
  readonly loadBalancer: string
  readonly paths: readonly {
    readonly path: string
    /** null where it cannot exist. */
    readonly components: number | null
    readonly client: string
    /** What the client dials. */
    readonly target: string
    readonly server: string
  }[]
  readonly places: readonly Place[]
}

export function summaryOf(backend: string, plan: Plan, testbed: Testbed): StandingSummary {
  const { name, version } = testbed.engine
  return {
    scenario: plan.scenario.name,
    backend,
    engine: { name, version },
    loadBalancer: testbed.loadBalancer,
    paths: plan.paths.flatMap((path) => {
      const { host, port } = testbed.target(path)
      return clientPodsOf(testbed, path.clientWorkload).map((pod) => ({
        path: path.name,
        components: path.rule.possible ? path.rule.hops : null,
        client: pod.name,
        target: `${host}:${port}`,
        server: path.serverWorkload.name,
      }))
    }),
    places:
      testbed.places ??
      plan.workloads.flatMap((workload): readonly Place[] =>
        workload.role === 'client'
          ? clientPodsOf(testbed, workload).map((pod) => ({
              name: pod.name,
              kind: 'client pod',
              address: pod.addresses[0],
            }))
          : [{ name: workload.name, kind: 'server pod', address: testbed.podAddress(workload) }],
      ),
  }
}

/** With the first path as the example of what to do with it. */
export function standingText(summary: StandingSummary, canEnter: boolean): string {
  const { scenario, engine, loadBalancer, paths, places } = summary
  const first = paths[0]
  const example = first === undefined ? '' : `${first.client} -- curl --silent http://${first.target}/`
  return [
    `testbed ${scenario} stands: ${engineText(engine)}, load balancer ${loadBalancer}`,
    '',
    textTable(
      ['PATH', 'COMPONENTS', 'FROM', 'TARGET', 'TO'],
      paths.map((one) => [one.path, String(one.components ?? '-'), one.client, one.target, one.server]),
      [1],
    ),
    textTable(
      ['POD', 'WHAT', 'ADDRESS'],
      places.map((place) => [place.name, place.kind, place.address ?? '']),
    ),
    ...(canEnter
      ? [`Any program of this machine runs in each of them:\n  hopmeter exec ${scenario} ${example}`]
      : []),
  ].join('\n')
}
