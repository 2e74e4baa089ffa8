import { describe, expect, it } from 'vitest'
import { exitCodes, ScenarioError } from '../errors.ts'
import { parseScenario } from './load.ts'
import { changed, problemsOf, validText } from './testing/texts.ts'

const minimalText = `apiVersion: hopmeter/v1
kind: Scenario
metadata: { name: tiny, title: Tiny }
spec:
  clusters:
    - { name: a, network: n, podCidr: 10.1.0.0/24, serviceCidr: 10.2.0.0/24 }
  paths:
    - { name: p, client: { cluster: a }, server: { cluster: a }, expect: 3 }
`

describe('parseScenario', () => {
  it('fills in every default', () => {
    const { scenario } = parseScenario(minimalText, 'tiny')
    expect(scenario).toEqual({
      name: 'tiny',
      title: 'Tiny',
      description: '',
      topology: {
        clusters: [{ name: 'a', network: 'n', podCidr: '10.1.0.0/24', serviceCidr: '10.2.0.0/24', nodes: 1 }],
        routes: [],
      },
      routeMode: 'static',
      delays: [],
      paths: [
        {
          name: 'p',
          client: { cluster: 'a', node: 1 },
          server: { cluster: 'a', node: 1 },
          mesh: 'ambient',
          expect: 3,
        },
      ],
      loads: [{ profile: 'pingpong', protocol: 'http1', requestBytes: 16, responseBytes: 16 }],
      rounds: { count: 4, durationMs: 1000, warmupMs: 2000, restarts: 8, builds: 1 },
    })
  })

  it('turns pairs into routes both ways, one-way routes into one, and durations into milliseconds', () => {
    const { scenario } = parseScenario(validText, 'test.yaml')
    expect(scenario.topology.routes).toEqual([
      { from: 'east-1', to: 'east-2' },
      { from: 'east-2', to: 'east-1' },
      { from: 'east-1', to: 'west' },
    ])
    expect(scenario.delays).toEqual([{ between: ['east', 'west'], rttMs: 5 }])
    expect(scenario.rounds.durationMs).toBe(500)
    expect(scenario.topology.clusters[2]?.gateway).toEqual({ loadBalancer: 'none' })
  })

  it('gives a gateway without fields no load balancer', () => {
    const { scenario } = parseScenario(changed('{ loadBalancer: none }', '{}'), 'test.yaml')
    expect(scenario.topology.clusters[2]?.gateway).toEqual({ loadBalancer: 'none' })
  })

  it('reads every load profile with its defaults', () => {
    const load = `
    - { profile: pingpong, protocol: http2, requestBytes: 0 }
    - { profile: closed, connections: [1, 4] }
    - { profile: open, rate: 500.5 }
    - { profile: connect, responseBytes: 1048576 }
  rounds:`
    const { scenario } = parseScenario(changed('\n    - profile: pingpong\n  rounds:', load), 'test.yaml')
    expect(scenario.loads).toEqual([
      { profile: 'pingpong', protocol: 'http2', requestBytes: 0, responseBytes: 16 },
      { profile: 'closed', connections: [1, 4], requestBytes: 16, responseBytes: 16 },
      { profile: 'open', ratePerSecond: 500.5, connections: 16, requestBytes: 16, responseBytes: 16 },
      { profile: 'connect', requestBytes: 16, responseBytes: 1_048_576 },
    ])
  })

  it('keeps the text and its hash', () => {
    const file = parseScenario(minimalText, 'tiny')
    expect(file).toMatchObject({ source: 'tiny', text: minimalText })
    expect(file.hash).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(parseScenario(`${minimalText}# more\n`, 'tiny').hash).not.toBe(file.hash)
  })

  it('reads JSON, which YAML includes, and carriage returns, and a byte order mark', () => {
    const { scenario } = parseScenario(validText, 'test.yaml')
    const windows = `\uFEFF${validText.replaceAll('\n', '\r\n')}`
    expect(parseScenario(windows, 'test.yaml').scenario).toEqual(scenario)
    expect(problemsOf(windows.replace('expect: 5', 'expect: 4'))[0]).toMatch(/^39:15: /)
    const json =
      '{"apiVersion":"hopmeter/v1","kind":"Scenario","metadata":{"name":"a","title":"A"},"spec":{"clusters":[{"name":"a","network":"n","podCidr":"10.1.0.0/24","serviceCidr":"10.2.0.0/24"}],"paths":[{"name":"p","client":{"cluster":"a"},"server":{"cluster":"a"},"expect":3}]}}'
    expect(problemsOf(json)).toEqual([])
  })

  it('reads anchors and aliases', () => {
    const text = changed('client: { cluster: east-1, node: 2 }', 'client: &here { cluster: east-1, node: 2 }')
    expect(problemsOf(changed('client: { cluster: east-1 }', 'client: *here', text))).toEqual([])
  })

  it('throws one error with every problem, its place, and exit code 2', () => {
    const text = validText
      .replace('name: example', 'name: Example')
      .replace('title:', 'titel:')
      .replace('10.20.0.0/16', '10.10.4.0/24')
      .replace('server: { cluster: west }', 'server: { cluster: wset }')
      .replace('expect: 4', 'expect: 5')
      .replace('500ms', '500')
    expect(problemsOf(text)).toEqual([
      '4:9: metadata.name: expected lower-case letters, digits and inner dashes, got "Example"',
      '5:3: metadata.titel: unknown key; did you mean "title"?',
      '15:16: spec.clusters[1].podCidr: 10.10.4.0/24 overlaps the podCidr 10.10.0.0/16 of cluster "east-1"',
      '35:15: spec.paths[0].expect: path "direct" cannot have 5 components: both clusters are in network "east" and their pod CIDRs are routed both ways, which makes 4: client pod (east-1/n2) → ztunnel (east-1/n2) → ztunnel (east-2/n1) → server pod (east-2/n1)',
      '38:26: spec.paths[1].server.cluster: there is no cluster "wset"; did you mean "west"?',
      '43:15: spec.rounds.duration: expected a duration like 5s or 300ms, got 500 without a unit; write 500s or 500ms',
    ])
    let caught: unknown
    try {
      parseScenario(text, 'dir/test.yaml')
    } catch (error) {
      caught = error
    }
    expect(caught).toBeInstanceOf(ScenarioError)
    expect((caught as ScenarioError).exitCode).toBe(exitCodes.usage)
    expect((caught as ScenarioError).message.split('\n')[1]).toMatch(/^dir\/test\.yaml:5:3: metadata\.titel/)
  })

  it('shortens endless lists of problems', () => {
    const path = '\n    - { nam: x }'
    const problems = problemsOf(changed('paths:', `paths:${path.repeat(60)}`))
    expect(problems).toHaveLength(101)
    expect(problems.at(-1)).toMatch(/: and \d+ more$/)
  })
})

describe('the schema refuses', () => {
  it.each([
    ['hopmeter/v1', 'hopmeter/v2', '1:13: apiVersion: expected hopmeter/v1, got "hopmeter/v2"'],
    ['kind: Scenario\n', '', '1:1: kind: is missing: expected Scenario'],
    ['title: An example', 'title: ""', '5:10: metadata.title: expected at least 1 character, got 0'],
    [
      'title: An example',
      String.raw`title: "\e[2J"`,
      '5:10: metadata.title: expected text without control characters',
    ],
    ['title: An example', 'title: [a]', '5:10: metadata.title: expected text, got a list'],
    [
      'title: An example',
      'title: 1.30',
      '5:10: metadata.title: expected text, got 1.30 (write "1.30" with quotes)',
    ],
    [
      'network: east\n',
      'network: east/1\n',
      '9:16: spec.clusters[0].network: expected a Kubernetes label value, got "east/1"',
    ],
    ['name: east-1', `name: ${'e'.repeat(21)}`, 'expected at most 20 characters, got 21'],
    ['nodes: 2', 'nodes: 0', '12:14: spec.clusters[0].nodes: expected at least 1, got 0'],
    ['nodes: 2', 'nodes: 17', '12:14: spec.clusters[0].nodes: expected at most 16, got 17'],
    ['nodes: 2', 'nodes: 1.5', '12:14: spec.clusters[0].nodes: expected a whole number, got 1.5'],
    ['nodes: 2', 'nodes: two', '12:14: spec.clusters[0].nodes: expected a number, got "two"'],
    ['nodes: 2', 'nodes:', '12:7: spec.clusters[0].nodes: expected a number, got nothing'],
    ['nodes: 2', 'nods: 2', '12:7: spec.clusters[0].nods: unknown key; did you mean "nodes"?'],
    [
      'nodes: 2',
      'replicas: 2',
      '12:7: spec.clusters[0].replicas: unknown key; known: name, network, podCidr, serviceCidr, nodes, gateway',
    ],
    ['10.10.0.0/16', '10.10.0.0', '10:16: spec.clusters[0].podCidr: expected an IPv4 CIDR like 10.10.0.0/16'],
    [
      '10.10.0.0/16',
      '10.10.0.1/16',
      '10:16: spec.clusters[0].podCidr: "10.10.0.1/16" has host bits set; the network is 10.10.0.0/16',
    ],
    [
      '10.110.0.0/16',
      '127.0.0.0/16',
      '11:20: spec.clusters[0].serviceCidr: "127.0.0.0/16" overlaps 127.0.0.0/8',
    ],
    [
      'loadBalancer: none',
      'loadBalancer: l3',
      '21:32: spec.clusters[2].gateway.loadBalancer: expected one of none, l2, proxy, got "l3"; did you mean l2?',
    ],
    [
      'gateway: { loadBalancer: none }',
      'gateway:',
      '21:7: spec.clusters[2].gateway: expected a map, got nothing (write {} for the defaults)',
    ],
    ['mode: static', 'mode: ospf', '23:11: spec.routes.mode: expected one of static, vxlan, bgp, got "ospf"'],
    ['[east-1, east-2]', '[east-1]', '25:9: spec.routes.between[0]: expected at least 2 items, got 1'],
    ['[east-1, east-2]', '[a, b, c]', '25:9: spec.routes.between[0]: expected at most 2 items, got 3'],
    [
      '[east-1, east-2]',
      'east-1',
      '25:9: spec.routes.between[0]: expected a list of two names, got "east-1"',
    ],
    ['      rtt: 5ms\n', '', '29:7: spec.delays[0].rtt: is missing: expected a duration like 5s or 300ms'],
    [
      'rtt: 5ms',
      'rtt: 5',
      '30:12: spec.delays[0].rtt: expected a duration like 5s or 300ms, got 5 without a unit',
    ],
    ['rtt: 5ms', 'rtt: 5 ms', '30:12: spec.delays[0].rtt: expected a duration like 5s or 300ms, got "5 ms"'],
    ['rtt: 5ms', 'rtt: 1m', '30:12: spec.delays[0].rtt: expected a duration of 10µs to 10s, got "1m"'],
    ['cluster: east-2 }', 'node: 1 }', '34:15: spec.paths[0].server.cluster: is missing: expected text'],
    [
      'expect: 4',
      'expect: "4"',
      '35:15: spec.paths[0].expect: expected one of 2, 3, 4, 5, 6, unreachable, got "4"; did you mean 4?',
    ],
    [
      'expect: 4',
      'expect: unreachble',
      '35:15: spec.paths[0].expect: expected one of 2, 3, 4, 5, 6, unreachable, got "unreachble"; did you mean unreachable?',
    ],
    [
      'expect: 4',
      'expect: 4\n      mesh: sidecar',
      '36:13: spec.paths[0].mesh: expected one of ambient, none, got "sidecar"',
    ],
    [
      'profile: pingpong',
      'profile: pingpnog',
      '41:16: spec.load[0].profile: expected one of pingpong, closed, open, connect, got "pingpnog"; did you mean pingpong?',
    ],
    [
      '- profile: pingpong',
      '- protocol: http1',
      '41:7: spec.load[0].profile: is missing: expected one of pingpong',
    ],
    ['- profile: pingpong', '- pingpong', '41:7: spec.load[0]: expected a map, got "pingpong"'],
    ['profile: pingpong', 'profile: open', '41:7: spec.load[0].rate: is missing: expected a number'],
    [
      'profile: pingpong',
      'profile: closed\n      rate: 5',
      '42:7: spec.load[0].rate: unknown key; known: profile, connections, requestBytes, responseBytes',
    ],
    [
      'profile: pingpong',
      'profile: closed\n      connections: []',
      '42:20: spec.load[0].connections: expected at least 1 item, got 0',
    ],
    [
      'duration: 500ms',
      'duration: 50ms',
      '43:15: spec.rounds.duration: expected a duration of 100ms to 10m0s, got "50ms"',
    ],
    ['duration: 500ms', 'count: .inf', '43:12: spec.rounds.count: expected a number, got Infinity'],
    ['  rounds:\n    duration: 500ms\n', '  rounds: 5\n', '42:11: spec.rounds: expected a map, got 5'],
  ])('%j as %j', (from, to, message) => {
    const problems = problemsOf(changed(from, to))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(message)
  })

  it('a scenario without clusters or paths', () => {
    const text = `${validText.slice(0, validText.indexOf('spec:'))}spec: { clusters: [], paths: [] }\n`
    expect(problemsOf(text)).toEqual([
      '6:19: spec.clusters: expected at least 1 item, got 0',
      '6:30: spec.paths: expected at least 1 item, got 0',
    ])
  })
})
