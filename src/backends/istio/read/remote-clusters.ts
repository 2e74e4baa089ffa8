import { cannotRead, type Reading } from '../../../evidence/reading.ts'

const states = new Set(['synced', 'syncing', 'timeout', 'closed'])

/**
 * Table of `istioctl remote-clusters` as state by cluster name; it has no JSON form. States: istio
 * `pkg/kube/multicluster/cluster.go` (synced, syncing, timeout, closed).
 */
export function parseRemoteClusters(text: string): Reading<ReadonlyMap<string, string>> {
  const [header = '', ...rows] = text.split('\n').filter((line) => line.trim() !== '')
  if (!/^NAME\s/.test(header) || !header.includes('STATUS')) {
    return cannotRead('the table of remote clusters', JSON.stringify(header.slice(0, 80)))
  }
  const found = new Map<string, string>()
  for (const row of rows) {
    const [name = '', ...words] = row.trim().split(/\s+/)
    // The column of the secret is empty for the cluster itself, so states are found by their words.
    found.set(name, words.find((word) => states.has(word)) ?? 'unknown')
  }
  return { ok: true, value: found }
}
