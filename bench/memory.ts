/**
 * Does memory grow with the number of requests? Load at full speed in turns; resident memory of the agent and of this
 * process after the first quarter of the turns and after the last. Run with: npm run bench -- memory [turns]
 */
import { readFile } from 'node:fs/promises'
import { AgentClient } from '../src/measure/agent-client.ts'
import { localAgentCommand, startLocalServer } from '../src/measure/local-agent.ts'
import { histogramQuantiles } from '../src/results/histogram.ts'
import { textTable } from '../src/report/table.ts'

const turns = Number(process.argv[2] ?? 24)
const turnMs = 2500

const server = await startLocalServer('memory')
const target = { path: 'one', host: server.host, port: server.port }
const load = { profile: 'closed', connections: 16, requestBytes: 0, responseBytes: 16 } as const
const agent = await AgentClient.open(localAgentCommand('load'), load, [target], 5000)
const rows: { requests: number; agentMiB: number; hostMiB: number }[] = []
let requests = 0
try {
  for (let turn = 1; turn <= turns; turn++) {
    const { samples } = await agent.turn(turn, turnMs)
    requests += samples.reduce((sum, sample) => sum + histogramQuantiles(sample.warm).count, 0)
    rows.push({ requests, agentMiB: await residentMiB(agent.pid), hostMiB: await residentMiB(process.pid) })
  }
} finally {
  await agent.close()
  await server.stop()
}
const quarter = rows[Math.max(0, Math.ceil(turns / 4) - 1)]
const last = rows.at(-1)
if (!quarter || !last) throw new Error('no turn was measured')
const row = (name: string, r: typeof last) => [
  name,
  String(r.requests),
  r.agentMiB.toFixed(1),
  r.hostMiB.toFixed(1),
]
process.stdout.write(
  textTable(
    ['', 'requests', 'agent MiB', 'host MiB'],
    [row('first quarter', quarter), row('end', last)],
    [1, 2, 3],
  ),
)
const perMillion = (1e6 * (last.agentMiB - quarter.agentMiB)) / (last.requests - quarter.requests)
process.stdout.write(`agent: ${perMillion.toFixed(2)} MiB per million further requests\n`)

async function residentMiB(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN) / 1024
}
