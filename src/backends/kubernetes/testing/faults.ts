import { expect } from 'vitest'
import type { Scenario } from '../../../scenario/types.ts'
import { createKind } from '../../kind/kind.ts'
import { planScenario } from '../../../plan/plan-scenario.ts'
import { takeDownSessions } from '../../registry.ts'
import { Session } from '../session/session.ts'
import type { FakeCluster, Fault } from './fake-cluster.ts'
import { isRead, quiet } from './lives.ts'

/** Commands that differ in names and addresses only are one kind. */
export function kindOf(shown: string): string {
  return shown
    .replace(/--kubeconfig \S+ --context \S+/, '')
    .replaceAll(/\S*\/hopmeter-fake-\S+/g, 'FILE')
    .replaceAll(/[\w.-]*(?:east|west|south|cluster)[-\w.:/]*/g, 'NAME')
    .replaceAll(/(?:\/sys\/fs\/cgroup\/\S+ ?)+/g, 'FILES')
    .replaceAll(/[\da-f]{8}-[-\da-f]{27}/g, 'ID')
    .replaceAll(/(?:ztunnel|istiod|istio-eastwestgateway)-[-\w]+/g, 'POD')
    .replaceAll(/\d+(?:\.\d+){3}(?::\d+|\/\d+)?/g, 'ADDRESS')
    .replaceAll(/=[\da-f]{16}\b/g, '=DIGEST')
    .replaceAll(/--(?:since-time|since|label) \S+/g, '')
    .replaceAll(/--target \d+/g, '--target PID')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 160)
}

/** One command of each kind that a bring-up runs, in order, up to where it is ready. */
export async function commandKinds(fake: FakeCluster, scenario: Scenario): Promise<readonly string[]> {
  const execute = fake.inProcess()
  const options = { ...fake.options, execute, keep: true }
  await (await createKind(options).up(planScenario(scenario), quiet)).down()
  const kinds = new Set(execute.log.map((line) => kindOf(line)))
  await takeDownSessions('all', quiet, options)
  return [...kinds]
}

/**
 * Commands that this fault strikes: every one that changes something, and of those that only read a third, as there
 * are three faults. HOPMETER_ALL_FAULTS=1: all, which takes longer than one likes to wait.
 */
export function struckBy(kinds: readonly string[], fault: Fault): readonly string[] {
  const turn = (['fail', 'hang', 'rubbish'] as const).indexOf(fault)
  const isAll = process.env['HOPMETER_ALL_FAULTS'] === '1'
  return kinds.filter((kind, i) => isAll || !isRead(kind) || i % 3 === turn)
}

/** Steps and states by which a failure can be named. */
const stepName = new RegExp(
  `^(${[
    ...['check tools', 'check that', 'create cluster', 'mark cluster', 'load images into', 'route pod CIDRs'],
    ...[
      'start workloads in',
      'find pods',
      'attach to',
      'watch components',
      'nodes of',
      'pods of',
      'kindnet of',
    ],
    ...[
      'label istio-system',
      'give all clusters',
      'install the Gateway API',
      'install Istio',
      'let \\S+ see',
    ],
    ...[
      'run the east-west gateway',
      'stand HAProxy',
      'publish the address',
      'renew pods',
      'renew istiod',
      'istiod of',
    ],
    ...['the east-west gateway of', 'pods on node', 'ztunnel of', 'the mesh has none', 'one request on'],
  ].join('|')})`,
)

/**
 * A bring-up in which the first command of this kind fails, hangs or prints rubbish: the step is named, unless a read
 * was asked again, and only \`remains\` is left.
 */
export async function strike(
  fake: FakeCluster,
  scenario: Scenario,
  kind: string,
  fault: Fault,
  remains: object,
): Promise<void> {
  const struck: string[] = []
  const isStruck = (shown: string) => kindOf(shown) === kind && struck.push(shown) > 0
  const execute = fake.inProcess({ isStruck, fault })
  // A change that only seemed to happen is waited for until some deadline.
  const isWaitedFor = fault === 'rubbish' && !isRead(kind)
  const options = { ...fake.options, execute, ...(isWaitedFor ? { deadlineScale: 0.0005 } : {}) }
  const broken = await createKind(options)
    .up(planScenario(scenario), quiet)
    .then(
      (testbed) => testbed.down().then(() => undefined),
      (error: Error) => error,
    )
  const shown = struck[0] ?? `(never run: ${kind})`
  expect([shown, struck.length]).toEqual([shown, 1])
  if (broken) expect([shown, broken.message]).toEqual([shown, expect.stringMatching(stepName)])
  // Whatever is survived was asked again, or its result is there all the same.
  else if (fault !== 'rubbish') expect([shown, isRead(shown)]).toEqual([shown, true])
  expect([shown, fake.leftovers()]).toEqual([shown, remains])
  expect([shown, Session.names(fake.sessions)]).toEqual([shown, []])
}
