import type { DeltaModel } from '../delta-model.ts'
import type { EcdfModel } from '../ecdf.ts'
import type { LadderModel } from '../ladder-model.ts'
import type { NewVsReusedModel } from '../new-vs-reused.ts'
import type { PercentilesModel } from '../percentiles.ts'
import type { RoundsModel } from '../rounds.ts'
import type { TopologyModel } from '../topology-model.ts'
import type { VersionsModel } from '../versions.ts'

const subtitle =
  '60 rounds × 1,000 requests per path, ping-pong over HTTP/1.1 (one request in flight), intervals at 95%'
const caption =
  'Engine lab-node 0.1.0 in network namespaces: numbers show structure and relative cost, they are not Istio’s. Linux 6.18, Xeon, 2 cores.'

const measured = (us: number, halfUs: number) => ({
  estimate: us * 1e3,
  interval: { low: (us - halfUs) * 1e3, high: (us + halfUs) * 1e3 },
})

export const ladderModel: LadderModel = {
  title: 'What each component adds: hop-ladder',
  subtitle,
  caption,
  paths: [
    {
      name: 'no-mesh',
      hops: 2,
      chain: ['client-pod', 'server-pod'],
      p50Ns: measured(78.2, 0.9),
      p99Ns: measured(212, 24),
    },
    {
      name: 'single-cluster',
      hops: 4,
      chain: ['client-pod', 'ztunnel', 'ztunnel', 'server-pod'],
      p50Ns: measured(231.4, 2.1),
      p99Ns: measured(604, 60),
      step: { addsNs: measured(153.2, 1.8), label: '2 ztunnels', adds: 'ztunnel', isClear: true },
    },
    {
      name: 'same-network',
      hops: 4,
      chain: ['client-pod', 'ztunnel', 'ztunnel', 'server-pod'],
      p50Ns: measured(233.1, 2.2),
      p99Ns: measured(611, 58),
      step: { addsNs: measured(1.7, 1.1), label: 'another cluster' },
    },
    {
      name: 'gateway',
      hops: 5,
      chain: ['client-pod', 'ztunnel', 'east-west-gateway', 'ztunnel', 'server-pod'],
      p50Ns: measured(309.8, 2.4),
      p99Ns: measured(820, 81),
      step: {
        addsNs: measured(76.7, 1.9),
        label: 'east-west gateway',
        adds: 'east-west-gateway',
        isClear: true,
      },
    },
    {
      name: 'load-balancer',
      hops: 6,
      chain: ['client-pod', 'ztunnel', 'load-balancer', 'east-west-gateway', 'ztunnel', 'server-pod'],
      p50Ns: measured(352.9, 2.6),
      p99Ns: measured(1010, 140),
      step: { addsNs: measured(43.1, 1.6), label: 'load balancer', adds: 'load-balancer', isClear: true },
    },
  ],
}

/** The ladder with `count` paths of these names. */
export function ladderOf(names: readonly string[]): LadderModel {
  return {
    title: `A ladder of ${names.length} paths: ${names[0] ?? ''}`,
    subtitle,
    caption,
    paths: names.map((name, index) => ({
      name,
      hops: Math.min(6, 2 + Math.floor(index / 2)),
      p50Ns: measured(80 + index * 37.3, 1 + index * 1.4),
      p99Ns: measured(210 + index * 140, 20 + index * 12),
      ...(index === 0
        ? {}
        : {
            step: {
              addsNs: measured(37.3, 1.2),
              label: index % 2 ? 'east-west gateway' : (names[index] ?? ''),
            },
          }),
    })),
  }
}

/** One round: values without intervals. */
export const oneRoundLadder: LadderModel = {
  ...ladderModel,
  subtitle: '1 round × 1,000 requests per path: no intervals',
  paths: ladderModel.paths.map(({ step, ...path }) => ({
    ...path,
    ...(path.p50Ns ? { p50Ns: { estimate: path.p50Ns.estimate } } : {}),
    ...(path.p99Ns ? { p99Ns: { estimate: path.p99Ns.estimate } } : {}),
    ...(step ? { step: { ...step, addsNs: { estimate: step.addsNs.estimate } } } : {}),
  })),
}

/** Nothing valid, and a path that must not exist. */
export const emptyLadder: LadderModel = {
  ...ladderModel,
  subtitle: 'no valid round: every round lost requests',
  paths: [
    ...ladderModel.paths.map(({ name, hops }) => ({ name, hops, note: 'no valid round' })),
    { name: 'unrouted', note: 'unreachable, as expected' },
  ],
}

/** A long-tailed distribution around `medianUs`, as quantiles. */
function quantiles(medianUs: number, withBand: boolean) {
  const qs = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999]
  const ns = (q: number) => medianUs * 1e3 * (0.8 + 0.28 * q + 0.05 * (-Math.log(1 - q)) ** 1.9)
  return {
    points: qs.map((quantile) => ({ quantile, ns: ns(quantile) })),
    band: withBand
      ? qs.map((quantile) => ({
          quantile,
          lowNs: ns(quantile) * (1 - 0.02 - quantile ** 8 * 0.15),
          highNs: ns(quantile) * (1 + 0.02 + quantile ** 8 * 0.2),
        }))
      : undefined,
  }
}

export function percentilesOf(names: readonly string[], withBand = true): PercentilesModel {
  return {
    title: 'How latency is distributed: hop-ladder',
    subtitle,
    caption,
    series: names.map((name, index) => ({ name, ...quantiles(80 + index * 70, withBand) })),
  }
}

export function ecdfOf(names: readonly string[]): EcdfModel {
  const shares = Array.from({ length: 60 }, (_, i) => i / 59)
  return {
    title: 'Share of requests answered in time: hop-ladder',
    subtitle,
    caption,
    series: names.map((name, index) => ({
      name,
      points: shares.map((share) => ({
        ns: (80 + index * 70) * 1e3 * (0.8 + 0.28 * share + 0.05 * (-Math.log(1.002 - share)) ** 1.9 || 0.8),
        share,
        low: Math.max(0, share - 0.06 * Math.sqrt(share * (1 - share)) * 2),
        high: Math.min(1, share + 0.06 * Math.sqrt(share * (1 - share)) * 2),
      })),
    })),
  }
}

export const deltaModel: DeltaModel = {
  title: 'What each component adds, and whether it is clear of zero',
  subtitle,
  caption: `${caption} Grey band: differences too small to matter (10 µs).`,
  negligibleNs: 10e3,
  rows: [
    {
      group: 'p50',
      label: 'single-cluster − no-mesh',
      differenceNs: measured(153.2, 1.8),
      verdict: 'slower',
    },
    {
      group: 'p50',
      label: 'same-network − single-cluster',
      differenceNs: measured(1.7, 1.1),
      verdict: 'same',
    },
    { group: 'p50', label: 'gateway − same-network', differenceNs: measured(76.7, 1.9), verdict: 'slower' },
    { group: 'p50', label: 'load-balancer − gateway', differenceNs: measured(43.1, 1.6), verdict: 'slower' },
    { group: 'p50', label: 'control (A − A)', differenceNs: measured(-0.2, 0.8), verdict: 'same' },
    { group: 'p99', label: 'gateway − same-network', differenceNs: measured(210, 92), verdict: 'slower' },
    {
      group: 'p99',
      label: 'load-balancer − gateway',
      differenceNs: measured(190, 1400),
      verdict: 'cannot tell',
    },
    { group: 'p99', label: 'tuned − untuned', differenceNs: measured(-88, 30), verdict: 'faster' },
    { group: 'p99', label: 'unrouted − gateway', verdict: 'cannot tell' },
  ],
}

export function deltaOf(names: readonly string[]): DeltaModel {
  const verdicts = ['slower', 'same', 'faster', 'cannot tell'] as const
  return {
    ...deltaModel,
    rows: names.map((label, index) => ({
      label,
      differenceNs: measured((index - 3) * 11, 4 + index),
      verdict: verdicts[index % 4] ?? 'same',
    })),
  }
}

/** Values that look like noise but are always the same. */
function wobble(seed: number): number {
  const x = Math.sin(seed * 12.9898) * 43758.5453
  return x - Math.floor(x)
}

export function roundsOf(names: readonly string[], rounds = 60, builds = 3): RoundsModel {
  return {
    title: 'Every round, in the order in which it was measured',
    subtitle,
    caption: `${caption} Crosses: rounds left out, with their reason in the result.`,
    quantity: 'p50',
    rounds: Array.from({ length: rounds }, (_, index) => ({
      build: 1 + Math.floor((index * builds) / rounds),
      flags: index % 17 === 9 ? ['event-loop-delay'] : [],
    })),
    series: names.map((name, path) => ({
      name,
      ns: Array.from(
        { length: rounds },
        (_, index) =>
          (80 + path * 70) * 1e3 * (1 + 0.06 * wobble(index * 31 + path)) +
          Math.floor((index * builds) / Math.max(1, rounds)) * 9e3 +
          (index % 17 === 9 ? 60e3 : 0),
      ),
    })),
  }
}

export function versionsOf(count: number, names: readonly string[]): VersionsModel {
  return {
    title: 'The same paths over Istio versions',
    subtitle: `${count} versions × 5 builds × 20 rounds, ping-pong over HTTP/1.1, intervals at 95%`,
    caption,
    quantity: 'median (p50)',
    versions: Array.from({ length: count }, (_, i) => `1.${24 + Math.floor(i / 5)}.${i % 5}`),
    series: names.map((name, path) => ({
      name,
      values: Array.from({ length: count }, (_, i) =>
        (i + path) % 9 === 7 ? undefined : measured(230 + path * 60 + 18 * wobble(i * 7 + path), 4 + path),
      ),
    })),
  }
}

export function newVsReusedOf(names: readonly string[]): NewVsReusedModel {
  return {
    title: 'A new connection beside a reused one',
    subtitle,
    caption,
    quantity: 'median (p50)',
    paths: names.map((name, index) => ({
      name,
      hops: Math.min(6, 2 + index),
      reusedNs: measured(80 + index * 60, 3),
      newNs: measured(420 + index * 410, 40),
    })),
  }
}

export const topologyModel: TopologyModel = {
  title: 'The article’s three clusters: mixed',
  subtitle: 'east-1 and east-2 share a network label and talk directly; west is reached through its gateway',
  caption,
  clusters: [
    { name: 'east-1', network: 'network-east', nodes: 2 },
    { name: 'east-2', network: 'network-east', nodes: 1, gateway: { loadBalancer: 'none' } },
    { name: 'west', network: 'network-west', nodes: 1, gateway: { loadBalancer: 'proxy' } },
  ],
  routes: [
    { between: ['east-1', 'east-2'], mode: 'static' },
    { between: ['east-1', 'west'], mode: 'bgp', isOneWay: true },
  ],
  delays: [{ between: ['network-east', 'network-west'], rttMs: 20 }],
  paths: [
    {
      name: 'no-mesh',
      components: [
        { kind: 'client-pod', cluster: 'east-1', node: 1 },
        { kind: 'server-pod', cluster: 'east-2', node: 1 },
      ],
    },
    {
      name: 'same-network',
      components: [
        { kind: 'client-pod', cluster: 'east-1', node: 1 },
        { kind: 'ztunnel', cluster: 'east-1', node: 1 },
        { kind: 'ztunnel', cluster: 'east-2', node: 1 },
        { kind: 'server-pod', cluster: 'east-2', node: 1 },
      ],
    },
    {
      name: 'load-balancer',
      components: [
        { kind: 'client-pod', cluster: 'east-1', node: 1 },
        { kind: 'ztunnel', cluster: 'east-1', node: 1 },
        { kind: 'load-balancer', cluster: 'west' },
        { kind: 'east-west-gateway', cluster: 'west' },
        { kind: 'ztunnel', cluster: 'west', node: 1 },
        { kind: 'server-pod', cluster: 'west', node: 1 },
      ],
    },
    { name: 'unrouted', components: [], note: 'unreachable, as expected: pod CIDRs are not routed' },
  ],
}

export function topologyOf(names: readonly string[]): TopologyModel {
  const last = topologyModel.paths[2]
  return {
    ...topologyModel,
    clusters: names.slice(0, 6).map((name, index) => ({
      name,
      network: names[index % 2] ?? name,
      nodes: index + 1,
      gateway: { loadBalancer: 'proxy' },
    })),
    routes: [{ between: [names[0] ?? '', names[2] ?? ''], mode: 'vxlan' }],
    delays: [],
    paths: names.map((name) => ({
      name,
      components: (last?.components ?? []).map((component) => ({ ...component, cluster: name })),
    })),
  }
}
