import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { kindClusterName, kindNodeNames } from '../../kind/cluster/names.ts'
import { isAlive, ownIdentity } from '../../../process/process-identity.ts'
import { Session } from './session.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'hopmeter-session-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function create(): Session {
  return Session.create(root, { name: 'mixed', backend: 'kind', scenario: 'mixed', digest: 'd' })
}

test('a claim is on disk as soon as it is made', () => {
  const session = create()
  session.claimCluster({ name: 'a', kindName: 'hm-a', kubeconfig: 'f', context: 'c', status: 'creating' })
  session.claimContainer('lb')
  session.claimContainer('lb')
  const found = Session.find(root, 'mixed')!
  expect(found.id).toBe(session.id)
  expect(found.cluster('a')?.status).toBe('creating')
  expect(found.state.containers).toEqual(['lb'])
  found.remove()
  expect(Session.find(root, 'mixed')).toBeUndefined()
  expect(Session.names(root)).toEqual([])
})

test.each(['..', '.', '../elsewhere', '/etc', 'mixed/'])(
  '%j is no name of a testbed, wherever it leads',
  (name) => {
    create()
    expect(() => Session.find(path.join(root, 'mixed'), name)).toThrow(/is no name of a testbed/)
  },
)

test('a state file whose context is empty is not followed to whichever cluster is the current one', () => {
  const session = create()
  session.claimCluster({ name: 'a', kindName: null, kubeconfig: 'f', context: ' ', status: 'marked' })
  expect(() => Session.find(root, 'mixed')).toThrow(/cannot read the state of testbed "mixed"/)
})

test('a living process keeps others out, a dead one does not', async () => {
  const session = create()
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  try {
    writeFileSync(
      session.file('lease.json'),
      JSON.stringify({ pid: other.pid, startTicks: null, bootId: null }),
    )
    expect(session.holder()).toBe(other.pid)
    expect(() => session.lease()).toThrow(`is in use by process ${other.pid}`)
  } finally {
    other.kill('SIGKILL')
    await once(other, 'exit')
  }
  expect(session.holder()).toBeUndefined()
  const release = session.lease()
  expect(session.holder()).toBe(process.pid)
  release()
  expect(session.holder()).toBeUndefined()
})

test('a process number that was used again is not mistaken for the process that had it', () => {
  const own = ownIdentity()
  expect(isAlive(own)).toBe(true)
  if (own.startTicks !== null) expect(isAlive({ ...own, startTicks: '1' })).toBe(false)
  if (own.bootId !== null) expect(isAlive({ ...own, bootId: 'another boot' })).toBe(false)
})

test('a state file that cannot be read stops everything, with the place of the file', () => {
  const folder = path.join(root, 'mixed')
  mkdirSync(folder)
  writeFileSync(path.join(folder, 'state.json'), '{"version":1')
  expect(() => Session.find(root, 'mixed')).toThrow(/cannot read the state of testbed "mixed"/)
})

test('node names fit into host names, however long the scenario’s are', () => {
  expect(kindClusterName('mixed', 'cluster-1')).toBe('hm-mixed-cluster-1')
  const long = kindClusterName('a'.repeat(60), 'b'.repeat(60))
  expect(kindClusterName('a'.repeat(60), 'c'.repeat(60))).not.toBe(long)
  for (const node of kindNodeNames(long, 12)) {
    expect(node.length).toBeLessThanOrEqual(63)
    expect(node).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
  }
})
