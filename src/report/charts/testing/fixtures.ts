import type { LadderModel } from '../ladder.ts'

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
    { name: 'no-mesh', hops: 2, p50Ns: measured(78.2, 0.9), p99Ns: measured(212, 24) },
    {
      name: 'single-cluster',
      hops: 4,
      p50Ns: measured(231.4, 2.1),
      p99Ns: measured(604, 60),
      step: { addsNs: measured(153.2, 1.8), label: '2 ztunnels' },
    },
    {
      name: 'same-network',
      hops: 4,
      p50Ns: measured(233.1, 2.2),
      p99Ns: measured(611, 58),
      step: { addsNs: measured(1.7, 1.1), label: 'another cluster' },
    },
    {
      name: 'gateway',
      hops: 5,
      p50Ns: measured(309.8, 2.4),
      p99Ns: measured(820, 81),
      step: { addsNs: measured(76.7, 1.9), label: 'east-west gateway' },
    },
    {
      name: 'load-balancer',
      hops: 6,
      p50Ns: measured(352.9, 2.6),
      p99Ns: measured(1010, 140),
      step: { addsNs: measured(43.1, 1.6), label: 'load balancer' },
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
