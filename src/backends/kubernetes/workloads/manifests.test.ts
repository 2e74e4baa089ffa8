import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { CommandError } from '../../../errors.ts'
import { run } from '../../../process/exec.ts'
import { listScenarios } from '../../../scenario/load.ts'
import type { Scenario } from '../../../scenario/types.ts'
import { createKind } from '../../kind/kind.ts'
import { planScenario } from '../../../plan/plan-scenario.ts'

/**
 * The real kubectl decodes what hopmeter applies into Kubernetes' own types, without a server. Its sub-commands with
 * `--local` differ in how far they go: `set env` prints pods and jobs as it understood them, `set selector` services,
 * and for other built-in kinds both fail only over fields of a wrong type. Custom kinds need a server.
 */
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0
const builtIn = /^(v1|apps\/v1|batch\/v1)$/
const printing: Readonly<Record<string, readonly string[]>> = {
  Pod: ['set', 'env', 'ADDED=1'],
  Job: ['set', 'env', 'ADDED=1'],
  Service: ['set', 'selector', 'added=1'],
}

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly items?: readonly Manifest[]
}

describe.skipIf(!hasKubectl)('manifests, as the kubectl on PATH understands them', () => {
  test('it is strict enough to find a field that Kubernetes does not have', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a' },
      spec: { containers: [{ name: 'a', image: 'b', imagePullPolice: 'Never' }] },
    }
    expect(lost(pod, await understood(pod))).toEqual(['spec.containers.0.imagePullPolice'])
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { port: 80 } }
    await expect(understood(map)).rejects.toThrow(/cannot unmarshal number/)
  })

  test.for([1, 3])('every built-in kind is whole, with %d clients', { timeout: 120_000 }, async (clients) => {
    const lists = (await supported()).map((scenario) => manifestsOf(scenario, clients))
    const all = (await Promise.all(lists)).flat()
    const unique = [...new Map(all.map((one) => [withoutDigests(one), one])).values()]
    const kinds = new Set(unique.map(({ kind }) => kind))
    expect([...kinds]).toEqual(
      expect.arrayContaining(['ConfigMap', 'Namespace', 'Pod', 'Service', 'ServiceAccount']),
    )
    expect(kinds.has('Job')).toBe(clients > 1)
    for (const manifest of unique) {
      const where = `${manifest.kind} ${manifest.metadata.name}`
      expect([where, lost(manifest, await understood(manifest))]).toEqual([where, []])
    }
  })
})

async function supported(): Promise<readonly Scenario[]> {
  const all = (await listScenarios()).map(({ scenario }) => scenario)
  return all.filter(({ routeMode, delays }) => routeMode !== 'bgp' && delays.length === 0)
}

/** What `plan` shows that `up` would apply. */
async function manifestsOf(scenario: Scenario, clients: number): Promise<readonly Manifest[]> {
  const steps = await createKind({ clients, stateRoot: '/nonexistent' }).steps(planScenario(scenario))
  return steps
    .flatMap(({ commands }) => commands)
    .filter(({ args, input }) => args.includes('apply') && input?.startsWith('{'))
    .flatMap(({ input }) => {
      const object = JSON.parse(input ?? '') as Manifest
      return object.items ?? [object]
    })
    .filter(({ apiVersion }) => builtIn.test(apiVersion))
}

/** Scenarios repeat each other; one kubectl per different object is enough. */
function withoutDigests(manifest: Manifest): string {
  return JSON.stringify(manifest).replaceAll(/"hopmeter\.dev\/[a-z]+":"[^"]*"/g, '')
}

/**
 * The object as kubectl prints it; the object itself for kinds that it only decodes.
 * @throws CommandError when a field has a type that Kubernetes does not give it.
 */
async function understood(manifest: Manifest): Promise<unknown> {
  const [verb, what, change] = printing[manifest.kind] ?? ['set', 'env', 'ADDED=1']
  const args = [verb!, what!, '--local', '--filename', '-', '--output', 'json', change!]
  const env = { KUBECONFIG: '/nonexistent/kubeconfig', KUBECTL_KUBERC: 'false' }
  try {
    const { stdout } = await run('kubectl', args, { input: JSON.stringify(manifest), env, timeoutMs: 30_000 })
    return JSON.parse(stdout)
  } catch (error) {
    const isDecoded =
      error instanceof CommandError && /not a pod or does not have a pod template/.test(error.output)
    if (isDecoded && printing[manifest.kind] === undefined) return manifest
    throw error
  }
}

/** Paths of fields that are in `given` and not in `printed`. */
function lost(given: unknown, printed: unknown, at = ''): readonly string[] {
  // Replaced on purpose by `set selector`.
  if (at === 'spec.selector') return []
  if (typeof given !== 'object' || given === null) return given === printed ? [] : [at]
  // An empty object is the same as none for types that have no pointer there.
  return Object.entries(given).flatMap(([key, value]) => {
    const next = at === '' ? key : `${at}.${key}`
    const inside = (printed as Record<string, unknown> | undefined)?.[key]
    return inside === undefined ? [next] : lost(value, inside, next)
  })
}
