/**
 * How long does a lab of three clusters take to stand up and to take down? Without its programs, and with them.
 * Run with: npm run bench lab-up-down. Exits with 1 when a bound is missed.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from 'simple-statistics'
import { openAnchor } from '../src/backends/lab/anchor.ts'
import { createLab } from '../src/backends/lab/lab.ts'
import { layOut } from '../src/backends/lab/layout.ts'
import { planMesh } from '../src/backends/lab/mesh.ts'
import { hasBridgeNetfilter, makeNetwork } from '../src/backends/lab/network.ts'
import { planScenario } from '../src/plan/plan-scenario.ts'
import { textTable } from '../src/report/render/text/table.ts'
import { loadScenario } from '../src/scenario/load.ts'

const repetitions = 10
/** The kernel frees namespaces in the background; the next lab is not to pay for the last one. */
const pauseMs = 500
const boundsMs = {
  'network up': 300,
  'network down': 100,
  'programs listening, after the network': 1500,
} as const

const { scenario } = await loadScenario('mixed')
const plan = planScenario(scenario)
const times = new Map<string, number[]>()

async function timed<T>(name: string, action: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const result = await action()
  times.set(name, [...(times.get(name) ?? []), performance.now() - start])
  return result
}

/** Namespaces, links, addresses, routes and capture; no programs. */
async function networkOnly(): Promise<void> {
  const layout = layOut(plan)
  const { captures } = planMesh(plan, layout)
  const network = {
    layout,
    captures,
    delays: [],
    delayMethod: 'none',
    bridgeNetfilter: hasBridgeNetfilter(),
  } as const
  const anchor = await timed('network up', async () => {
    const opened = await openAnchor()
    await makeNetwork(opened, network, () => {})
    return opened
  })
  await timed('network down', () => anchor.close())
}

/** All of it, as a run does. */
async function everything(): Promise<void> {
  let startedAt = 0
  const progress = (message: string) => {
    if (message.startsWith('start ztunnels')) startedAt = performance.now()
  }
  const { signal } = new AbortController()
  const testbed = await timed('everything up', () => createLab().up(plan, { signal, progress }))
  const listening = performance.now() - startedAt
  const name = 'programs listening, after the network'
  times.set(name, [...(times.get(name) ?? []), listening])
  await timed('everything down', () => testbed.down())
}

// The first of each loads code and warms caches.
await networkOnly()
await everything()
times.clear()
for (let i = 0; i < repetitions; i += 1) {
  for (const measure of [networkOnly, everything]) {
    await sleep(pauseMs)
    await measure()
  }
}

const ms = (value: number) => value.toFixed(0)
let missed = 0
const rows = [...times].map(([name, values]) => {
  const bound = (boundsMs as Readonly<Record<string, number>>)[name]
  const middle = median(values)
  if (bound !== undefined && middle > bound) missed += 1
  const verdict = bound === undefined ? '' : middle <= bound ? 'ok' : 'MISSED'
  const limit = bound === undefined ? '' : `≤ ${bound}`
  return [name, ms(middle), ms(Math.min(...values)), ms(Math.max(...values)), limit, verdict]
})
const header = [`mixed, ${repetitions} times, ms`, 'median', 'min', 'max', 'bound', '']
console.log(textTable(header, rows))
process.exit(missed > 0 ? 1 : 0)
