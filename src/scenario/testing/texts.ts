import { ScenarioError } from '../../errors.ts'
import { parseScenario } from '../load.ts'

/** A valid scenario with one of everything; tests break it in one place. Line numbers matter to them. */
export const validText = `apiVersion: hopmeter/v1
kind: Scenario
metadata:
  name: example
  title: An example
spec:
  clusters:
    - name: east-1
      network: east
      podCidr: 10.10.0.0/16
      serviceCidr: 10.110.0.0/16
      nodes: 2
    - name: east-2
      network: east
      podCidr: 10.20.0.0/16
      serviceCidr: 10.120.0.0/16
    - name: west
      network: west
      podCidr: 10.30.0.0/16
      serviceCidr: 10.130.0.0/16
      gateway: { loadBalancer: none }
  routes:
    mode: static
    between:
      - [east-1, east-2]
    oneWay:
      - { from: east-1, to: west }
  delays:
    - between: [east, west]
      rtt: 5ms
  paths:
    - name: direct
      client: { cluster: east-1, node: 2 }
      server: { cluster: east-2 }
      expect: 4
    - name: gateway
      client: { cluster: east-1 }
      server: { cluster: west }
      expect: 5
  load:
    - profile: pingpong
  rounds:
    duration: 500ms
`

/** The valid text with one change; fails when there is nothing to change. */
export function changed(from: string, to: string, text = validText): string {
  if (!text.includes(from)) throw new Error(`nothing to change: ${from}`)
  return text.replace(from, to)
}

/** What is wrong with a text, as `line:column: message`; empty when nothing is. */
export function problemsOf(text: string): readonly string[] {
  try {
    parseScenario(text, 'test.yaml')
    return []
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error
    return error.problems.map((p) => `${p.line}:${p.column}: ${p.message}`)
  }
}
