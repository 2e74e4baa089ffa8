import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Testbed } from '../backend.ts'
import { createLab } from './lab.ts'
import { fork, ladder } from './testing/ladder.ts'
import { commandOf, descendantsOf, descendantsSince, namespacesOf, leftovers } from './testing/leftovers.ts'
import { prove, sendLoad } from './testing/load.ts'
import { labReady, requires } from './testing/requires.ts'
import { cluster, path, planOf } from './testing/scenario.ts'
import { quietly } from './testing/with-lab.ts'

describe('a lab', { timeout: 120_000 }, () => {
  const plan = ladder()
  let testbed: Testbed | undefined
  const linksBefore = readdirSync('/sys/class/net')

  beforeAll(async () => {
    if (await labReady()) testbed = await createLab().up(plan, quietly)
  }, 120_000)
  afterAll(() => testbed?.down())

  async function ready(context: Parameters<typeof requires>[0]): Promise<Testbed> {
    await requires(context)
    if (!testbed) throw new Error('the lab is not up')
    return testbed
  }

  it.for(plan.paths)('carries $name through the components of the path rule', async (planned, context) => {
    const evidence = await prove(await ready(context), planned)
    expect(evidence.reasons).toEqual([])
    expect(evidence.verdict).toBe('proven')
    expect(planned.rule).toMatchObject({ components: evidence.observed })
  })

  it('leaves the network of the host alone', async (context) => {
    await ready(context)
    const own = /^(port\d+|pod\d+|wan0|cni0|vxlan0|delay0)$/
    const added = readdirSync('/sys/class/net').filter((name) => !linksBefore.includes(name))
    // Others may be at work on this host, so only links of the lab's names count.
    expect(added.filter((name) => own.test(name))).toEqual([])
  })

  it('notices when one of its programs has ended', async (context) => {
    await requires(context)
    const small = planOf({ clusters: [cluster(1, 'east')], routes: [] }, [
      path('p', 'east', 'east', 'ambient'),
    ])
    const before = descendantsOf(process.pid)
    const own = await createLab().up(small, quietly)
    try {
      const server = descendantsSince(before).find(({ pid }) =>
        /^\S*node .*agent\.mjs serve$/.test(commandOf(pid)),
      )
      if (!server) throw new Error('the lab has no echo server')
      process.kill(server.pid, 'SIGKILL')
      await expect
        .poll(() => own.evidence().then(() => 'fine', String))
        .toMatch(/server-east-n1 (failed|ended)/)
    } finally {
      await own.down()
    }
  })

  it('says what it is made of', async (context) => {
    const { engine, loadBalancer, delayMethod, facts } = await ready(context)
    expect(engine.name).toBe('lab-node')
    expect(loadBalancer).toBe('lab-node')
    expect(delayMethod).toBe('none')
    expect(facts).toMatchObject({ isolation: expect.stringMatching(/root|user-namespace/) as string })
    expect(facts['nftables']).toMatch(/^\d+\./)
  })

  it('counts CPU time of each component, which grows with load', async (context) => {
    const lab = await ready(context)
    const before = await lab.cpuUsage()
    for (const planned of plan.paths) await sendLoad(lab, planned)
    const after = await lab.cpuUsage()
    const kinds = after.map(
      ({ component }) => `${component.kind} ${component.cluster} ${component.node ?? ''}`,
    )
    const servers = plan.workloads.filter(({ role }) => role === 'server')
    const served = servers.map(({ placement }) => `server-pod ${placement.cluster} ${placement.node}`)
    expect(kinds.filter((kind) => kind.startsWith('server-pod')).toSorted()).toEqual(
      [...new Set(served)].toSorted(),
    )
    const rest = kinds.filter((kind) => !kind.startsWith('server-pod')).map((kind) => kind.trim())
    expect(rest.toSorted()).toEqual([
      'east-west-gateway south',
      'east-west-gateway west',
      'load-balancer south',
      'ztunnel east-1 1',
      'ztunnel east-1 2',
      'ztunnel east-2 1',
      'ztunnel south 1',
      'ztunnel west 1',
    ])
    expect(after.map(({ component }) => component)).toEqual(before.map(({ component }) => component))
    for (const [i, { cpuMs }] of after.entries()) expect(cpuMs).toBeGreaterThan(before[i]?.cpuMs ?? Infinity)
  })
})

describe('a lab where a path must not exist', { timeout: 120_000 }, () => {
  it('lets no request through, and fails fast where nothing is routed', async (context) => {
    await requires(context)
    const plan = planOf(
      {
        clusters: [
          cluster(1, 'east-1', { network: 'east' }),
          cluster(2, 'east-2', { network: 'east' }),
          cluster(3, 'closed'),
        ],
        routes: [],
      },
      [path('unrouted', 'east-1', 'east-2', 'ambient'), path('no-gateway', 'east-1', 'closed', 'ambient')],
    )
    const testbed = await createLab().up(plan, quietly)
    try {
      for (const planned of plan.paths) {
        const sample = await sendLoad(testbed, planned)
        const { sent, received, errors, lost } = sample
        expect(received).toBe(0)
        // A client side that refuses before or after it has read the request: no connection, or a lost one.
        expect(errors + lost).toBe(sent)
        expect(sent).toBeGreaterThan(0)
      }
      const { served } = await testbed.evidence()
      expect(served.every(({ byPath }) => Object.keys(byPath).length === 0)).toBe(true)
    } finally {
      await testbed.down()
    }
  })
})

describe('a lab that is misrouted on purpose', { timeout: 120_000 }, () => {
  const plan = fork()

  it.for([
    ['direct-through-gateway', { direct: 'mismatch DOUBLEHBONE 5', gateway: 'proven DOUBLEHBONE 5' }],
    ['gateway-sent-direct', { direct: 'proven HBONE 4', gateway: 'mismatch HBONE 4' }],
  ] as const)('shows %s in the evidence', async ([misroute, expected], context) => {
    await requires(context)
    const testbed = await createLab({ misroute }).up(plan, quietly)
    try {
      const seen: Record<string, string> = {}
      for (const planned of plan.paths) {
        const { verdict, observedProtocol, observed, answeredBy } = await prove(testbed, planned)
        seen[planned.name] = `${verdict} ${observedProtocol} ${observed.length}`
        // Responses arrive all the same: only evidence tells.
        expect(answeredBy[0]?.count).toBeGreaterThan(0)
      }
      expect(seen).toEqual(expected)
    } finally {
      await testbed.down()
    }
  })
})

describe('standing a lab up', { timeout: 120_000 }, () => {
  const plan = ladder()

  it.for([1, 2, 3, 4, 5])('leaves nothing behind when it is aborted at step %i', async (step, context) => {
    await requires(context)
    const before = descendantsOf(process.pid)
    const abort = new AbortController()
    const made = new Map<number, ReturnType<typeof descendantsOf>[number]>()
    const namespaces = new Set<string>()
    const watch = setInterval(() => {
      for (const found of descendantsOf(process.pid)) {
        if (!before.some(({ pid }) => pid === found.pid)) made.set(found.pid, found)
      }
      for (const name of namespacesOf([...made.values()])) namespaces.add(name)
    }, 5)
    let steps = 0
    const progress = () => {
      steps += 1
      if (steps === step) setTimeout(() => abort.abort(new Error('enough')), 20)
    }
    await expect(createLab().up(plan, { signal: abort.signal, progress })).rejects.toThrow('enough')
    clearInterval(watch)
    expect(await leftovers([...made.values()], namespaces)).toEqual([])
  })

  it('leaves nothing behind when a command fails', async (context) => {
    await requires(context)
    const before = descendantsOf(process.pid)
    // Names of network namespaces are unique, so a workload cannot be there twice.
    const [first] = plan.workloads.filter(({ role }) => role === 'server')
    if (!first) throw new Error('the ladder has no server')
    const twice = { ...plan, workloads: [...plan.workloads, first] }
    await expect(createLab().up(twice, quietly)).rejects.toThrow('File exists')
    const left = descendantsSince(before)
    expect(await leftovers(left)).toEqual([])
  })

  it('can be done twice at the same time', async (context) => {
    await requires(context)
    const small = planOf({ clusters: [cluster(1, 'east', { nodes: 2 })], routes: [] }, [
      path('p', 'east/1', 'east/2', 'ambient'),
    ])
    const labs = await Promise.all([createLab().up(small, quietly), createLab().up(small, quietly)])
    try {
      const [planned] = small.paths
      for (const testbed of labs) expect((await prove(testbed, planned!)).reasons).toEqual([])
      const served = await Promise.all(labs.map(async (lab) => (await lab.evidence()).served[0]?.byPath['p']))
      // Each server answered its own client only, though names and addresses are the same.
      expect(served.every((count) => count !== undefined && count > 0)).toBe(true)
    } finally {
      await Promise.all(labs.map((lab) => lab.down()))
    }
  })

  it('refuses addresses that the lab needs itself', async () => {
    const clash = planOf({ clusters: [cluster(1, 'east', { podCidr: '198.18.0.0/16' })], routes: [] }, [
      path('p', 'east', 'east', 'ambient'),
    ])
    await expect(createLab().up(clash, quietly)).rejects.toThrow(/198\.18\.0\.0\/16.*between nodes/)
  })
})
