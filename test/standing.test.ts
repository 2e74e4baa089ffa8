import { mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { requires } from '../src/backends/lab/testing/requires.ts'
import type { StandingSummary } from '../src/cli/standing-summary.ts'
import { Hopmeter, type Running } from './support/hopmeter.ts'

let hopmeter: Hopmeter
const stands = 'Ctrl-C takes it down'

beforeEach(async (context) => {
  await requires(context)
  hopmeter = await Hopmeter.create()
})

afterEach(() => hopmeter.dispose())

async function heldLab(...more: readonly string[]): Promise<Running> {
  const lab = hopmeter.start(['up', 'same-network', ...more])
  await lab.until(stands)
  return lab
}

async function endOf(lab: Running) {
  lab.child.kill('SIGINT')
  return await lab.done
}

const records = () => readdirSync(path.join(hopmeter.folder, 'state/hopmeter/lab'))
const node = (script: string, ...args: readonly string[]) => ['--', process.execPath, '-e', script, ...args]
const fetchText = 'fetch(process.argv[1]).then(async (r) => console.log(await r.text()))'

describe('a lab that is held', { timeout: 120_000 }, () => {
  test('says how each path is reached, is entered by other programs, and leaves nothing after Ctrl-C', async () => {
    const lab = await heldLab('-o', 'json')
    const first = await hopmeter.run(['exec', 'same-network'])
    expect(first).toMatchObject({ code: 2, stdout: '' })
    expect(first.stderr).toMatch(
      /no pod is named; there are\nPOD +WHAT +ADDRESS\nclient-\S+ +client pod +10\./,
    )

    const wrong = await hopmeter.run(['exec', 'same-network', 'client-nowhere', '--', 'true'])
    expect(wrong).toMatchObject({ code: 2 })
    expect(wrong.stderr).toContain('there is no pod "client-nowhere" in this testbed; there are')

    const places = [...first.stderr.matchAll(/^(\S+) +(client pod|server pod|node) +(10\.\S+)$/gm)]
    const client = places.find(([, , what]) => what === 'client pod')!
    const addresses = await hopmeter.run([
      'exec',
      'same-network',
      client[1]!,
      ...node('console.log(JSON.stringify(Object.values(require("os").networkInterfaces()).flat()))'),
    ])
    expect(addresses.stdout).toContain(`"${client[3]}"`)
    for (const [, , , other] of places.filter(([whole]) => whole !== client[0])) {
      expect(addresses.stdout).not.toContain(`"${other}"`)
    }
    expect(records()).toHaveLength(1)

    const ended = await endOf(lab)
    expect(ended).toMatchObject({ code: 130 })
    expect(ended.stderr).toContain('SIGINT: taking the testbed down')
    expect(ended.stderr).not.toContain('Error')
    expect(records()).toEqual([])
    expect(await hopmeter.left()).toEqual([])

    const summary = JSON.parse(ended.stdout) as StandingSummary
    expect(summary.paths.length).toBeGreaterThan(0)
    for (const one of summary.paths) expect(summary.places.map(({ name }) => name)).toContain(one.client)
  })

  test('carries requests of other programs over its paths to the pod that each is to reach', async () => {
    const lab = hopmeter.start(['up', 'mixed'])
    await lab.until(stands)
    const rows = [...lab.said().matchAll(/^\S+ +\d +(client-\S+) +(10\.\S+:8080) +(server-\S+)$/gm)]
    expect(rows.length).toBeGreaterThan(1)
    for (const [, pod, target, server] of rows) {
      const answer = await hopmeter.run(['exec', 'mixed', pod!, ...node(fetchText, `http://${target}/`)])
      expect(answer.stdout).toContain(`pod: ${server}`)
    }
    await endOf(lab)
  })

  test('gives a program its input, its folder and all its words, and passes its exit code on', async () => {
    const lab = await heldLab()
    const pod = podIn(lab)
    const folder = path.join(hopmeter.folder, 'a folder')
    mkdirSync(folder)
    writeFileSync(path.join(folder, 'script.mjs'), script)
    const words = ['one word', '', '$(id)', "it's", '-v', '--', 'A=B']
    const { done } = hopmeter.start(
      ['exec', 'same-network', pod, '--', process.execPath, './script.mjs', ...words],
      {
        cwd: folder,
        input: 'of mine',
      },
    )
    const ended = await done
    expect(JSON.parse(ended.stdout)).toEqual({ input: 'of mine', folder: realpathSync(folder), words })
    expect(ended.code).toBe(42)
    expect((await hopmeter.run(['exec', 'same-network', pod, '--', 'no-such-program-here'])).code).toBe(127)
    await endOf(lab)
  })

  test('passes a signal on, and tells which signal ended a program', async () => {
    const lab = await heldLab()
    const pod = podIn(lab)
    const last = hopmeter.start([
      'exec',
      'same-network',
      pod,
      ...node(
        'process.on("SIGTERM", () => { console.log("last word"); process.exit(7) }); console.error("runs"); setInterval(() => {}, 1e3)',
      ),
    ])
    await last.until('runs')
    last.child.kill('SIGTERM')
    expect(await last.done).toMatchObject({ code: 7, stdout: 'last word\n' })

    const plain = hopmeter.start([
      'exec',
      'same-network',
      pod,
      ...node('console.error("runs"); setInterval(() => {}, 1e3)'),
    ])
    await plain.until('runs')
    plain.child.kill('SIGINT')
    expect((await plain.done).code).toBe(130)
    await endOf(lab)
  })

  test('ends what runs in it when it ends itself, also by kill -9', async () => {
    const lab = await heldLab()
    const visitor = hopmeter.start([
      'exec',
      'same-network',
      podIn(lab),
      ...node('console.error("runs"); setInterval(() => {}, 1e3)'),
    ])
    await visitor.until('runs')
    lab.child.kill('SIGKILL')
    expect((await visitor.done).code).toBe(137)
    await lab.done
    expect(await hopmeter.left()).toEqual([])
    const gone = await hopmeter.run(['exec', 'same-network', 'x', '--', 'true'])
    expect(gone).toMatchObject({ code: 1 })
    expect(gone.stderr).toMatch(/no testbed of same-network stands here\n {2}next: hopmeter up same-network/)
  })

  test('leaves no program in it when the one who sent it is killed', async () => {
    const lab = await heldLab()
    const visitor = hopmeter.start([
      'exec',
      'same-network',
      podIn(lab),
      ...node(
        'console.error(`pid ${require("fs").readlinkSync("/proc/self/ns/net")} runs`); setInterval(() => {}, 1e3)',
      ),
    ])
    await visitor.until('runs')
    visitor.child.kill('SIGKILL')
    await visitor.done
    const list = [
      'exec',
      'same-network',
      podIn(lab),
      '--',
      'sh',
      '-c',
      'cat /proc/[0-9]*/cmdline | tr "\\0" " "',
    ]
    let running = ''
    for (let left = 50; left > 0; left--) {
      running = (await hopmeter.run(list)).stdout
      if (!running.includes('readlinkSync')) break
    }
    expect(running).toContain('agent.mjs')
    expect(running).not.toContain('readlinkSync')
    await endOf(lab)
  })

  test('is told apart from another one of the same scenario', async () => {
    const [one, two] = [await heldLab(), await heldLab()]
    const pod = podIn(one)
    const both = await hopmeter.run(['exec', 'same-network', pod, '--', 'true'])
    expect(both.code).toBe(2)
    expect(both.stderr).toContain('2 testbeds of same-network stand')
    for (const { child } of [one, two]) expect(both.stderr).toContain(`--holder ${child.pid}`)
    const chosen = [
      'exec',
      'same-network',
      '--holder',
      String(two.child.pid),
      pod,
      '--',
      'readlink',
      '/proc/self/ns/net',
    ]
    const inTwo = await hopmeter.run(chosen)
    await endOf(one)
    expect(
      (await hopmeter.run(['exec', 'same-network', pod, '--', 'readlink', '/proc/self/ns/net'])).stdout,
    ).toBe(inTwo.stdout)
    await endOf(two)
  })

  test('is missed when one of its programs ends, and goes with it', async () => {
    const lab = await heldLab()
    const kill =
      'for p in /proc/[0-9]*; do if tr "\\0" " " <$p/cmdline | grep -q "lab-component"; then kill -9 ${p#/proc/}; exit; fi; done; exit 9'
    const struck = await hopmeter.run(['exec', 'same-network', podIn(lab), '--', 'sh', '-c', kill])
    expect(struck.code).toBe(0)
    const ended = await lab.done
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain('the testbed broke while it stood')
    expect(records()).toEqual([])
  })
})

const script = `
  import { readFileSync } from 'node:fs'
  console.log(JSON.stringify({ input: readFileSync(0, 'utf8'), folder: process.cwd(), words: process.argv.slice(2) }))
  process.exit(42)
`

/** A client pod that `up` names. */
function podIn(lab: Running): string {
  return /\b(client-\S+) +client pod/.exec(lab.said())?.[1] ?? 'no pod in what it says'
}
