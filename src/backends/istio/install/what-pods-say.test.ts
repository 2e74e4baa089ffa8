import { expect, test } from 'vitest'
import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import { whatPodsSay } from './pod-watch.ts'

const signal = new AbortController().signal

/** Pods of the system namespace by name, and what they log. */
function clusterOf(pods: Readonly<Record<string, object>>, log = ''): Cluster {
  const items = Object.entries(pods).map(([name, status]) => ({ metadata: { name }, spec: {}, status }))
  return { list: () => Promise.resolve(items), logs: () => Promise.resolve(log) } as unknown as Cluster
}

const ready = { conditions: [{ type: 'Ready', status: 'True' }] }

test('a proxy that is not ready is told of with its restarts and the last of its complaints', async () => {
  const log = `info starting\nwarning envoy lds: listener 'connect_terminate' config rejected: no object factory\ninfo cache\n`
  const pods = { 'istiod-1': {}, 'gateway-1': { containerStatuses: [{ restartCount: 2 }] } }
  expect(await whatPodsSay(clusterOf(pods, log), 'gateway', { signal })).toBe(
    "gateway-1 is not ready, restarted 2 times, it says: warning envoy lds: listener 'connect_terminate' config rejected: no object factory",
  )
})

test('one that says nothing of it is told of without', async () => {
  expect(await whatPodsSay(clusterOf({ 'gateway-1': {} }, 'info ok'), 'gateway', { signal })).toBe(
    'gateway-1 is not ready',
  )
})

test('no pod is something else than one that is Ready while its deployment is not yet', async () => {
  expect(await whatPodsSay(clusterOf({ 'gateways-1': {} }), 'gateway', { signal })).toBeUndefined()
  expect(await whatPodsSay(clusterOf({ 'gateway-1': ready }), 'gateway', { signal })).toBe(
    'its deployment is not available',
  )
})
