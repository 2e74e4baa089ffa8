import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UsageError } from '../../errors.ts'
import { loadScenario } from '../../scenario/load.ts'
import { withoutMesh } from '../../scenario/without-mesh.ts'
import { planScenario } from '../../plan/plan-scenario.ts'
import { backendEntry } from '../registry.ts'
import { checkKubeconfigFile, kubeconfigFile } from './kubeconfig-file.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hopmeter-kubeconfig-'))
  file = path.join(folder, 'config')
  writeFileSync(file, 'apiVersion: v1\n')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('one file is taken as kubectl takes it, however the list is written', () => {
  expect(kubeconfigFile(file, { KUBECONFIG: '/elsewhere' })).toBe(file)
  for (const variable of [file, `${file}:`, `:${file}`, `${file}::${file}`])
    expect(kubeconfigFile(undefined, { KUBECONFIG: variable })).toBe(file)
})

test.for<[string, string | undefined, string | undefined, RegExp]>([
  ['nothing', undefined, undefined, /needs a kubeconfig file, and neither --kubeconfig nor KUBECONFIG/],
  ['an empty variable', undefined, '', /neither --kubeconfig nor KUBECONFIG names one/],
  ['a variable of separators', undefined, ' : :', /neither --kubeconfig nor KUBECONFIG names one/],
  ['an empty flag', '', 'FOLDER/config', /--kubeconfig does not name one/],
  ['two files', undefined, 'FOLDER/config:FOLDER/other', /^KUBECONFIG names 2 files, and .* reads one/],
  ['two files of a flag', 'FOLDER/config:FOLDER/other', undefined, /^--kubeconfig names 2 files/],
  ['a file that is not there', 'FOLDER/none', undefined, /FOLDER\/none does not exist/],
  ['the only file, not there', undefined, 'FOLDER/none:', /FOLDER\/none does not exist/],
  ['a file below a file', 'FOLDER/config/below', undefined, /does not exist/],
  ['a folder', 'FOLDER', undefined, /is a folder/],
  ['an empty file', 'FOLDER/empty', undefined, /is empty/],
  ['a pipe', 'FOLDER/pipe', undefined, /is not a regular file/],
])('%s is refused in one sentence', ([, flag, variable, message]) => {
  writeFileSync(path.join(folder, 'empty'), '')
  mkdirSync(path.join(folder, 'other'))
  execFileSync('mkfifo', [path.join(folder, 'pipe')])
  const at = (text: string | undefined) => text?.replaceAll('FOLDER', folder)
  let error: unknown
  try {
    checkKubeconfigFile(kubeconfigFile(at(flag), { KUBECONFIG: at(variable) }))
  } catch (caught) {
    error = caught
  }
  expect(error).toBeInstanceOf(UsageError)
  const refusal = error as UsageError
  expect(refusal.message.replaceAll(folder, 'FOLDER')).toMatch(message)
  expect(refusal.hint).toMatch(/--kubeconfig FILE/)
})

test('the backend refuses such a file before anything is planned or made', async () => {
  const { scenario } = await loadScenario('single-cluster')
  const plan = planScenario(withoutMesh(scenario))
  const contexts = Object.fromEntries(scenario.topology.clusters.map(({ name }) => [name, 'x']))
  const backend = await backendEntry('contexts').create({
    ...{ contexts, kubeconfig: `${file}-none`, stateRoot: folder },
    execute: () => Promise.reject(new Error('nothing is to be run')),
  })
  const context = { signal: new AbortController().signal, progress: () => {} }
  expect(() => backend.steps(plan)).toThrow(/does not exist/)
  const up = Promise.resolve().then(() => backend.up(plan, context))
  await expect(up).rejects.toThrow(/does not exist/)
  expect(readdirSync(folder)).toEqual(['config'])
})
