import { z } from 'zod'
import { answerHeaders } from '../../../agent/protocol.ts'

/** Who answered, or why nobody did. */
export type ProbeAnswer = { readonly cluster: string; readonly pod: string } | { readonly error: string }

const timeoutMs = 12_000

/**
 * A program for `node -e HOST PORT` inside of a client pod: one request on a connection of its own, answered by one
 * line of JSON. It waits longer than ztunnel's own 10 s for a peer, so that ztunnel's error is what is told.
 */
export const probeProgram = `
const [host, port] = process.argv.slice(1)
const say = (answer) => { console.log(JSON.stringify(answer)); process.exit() }
require('http').get({ host, port, agent: false, timeout: ${timeoutMs} }, (r) => say({
  cluster: r.headers['${answerHeaders.cluster}'], pod: r.headers['${answerHeaders.pod}'] }))
  .on('timeout', () => say({ error: 'timed out after ${timeoutMs / 1000} s' }))
  .on('error', (e) => say({ error: e.code || e.message }))
`.trim()

const answer = z.union([z.object({ cluster: z.string(), pod: z.string() }), z.object({ error: z.string() })])

export function readProbe(output: string): ProbeAnswer {
  try {
    return answer.parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''))
  } catch {
    return { error: `the probe said ${JSON.stringify(output.trim().slice(0, 80))}` }
  }
}
