import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pinsFor } from '../../versions.ts'
import { cachedGatewayApi, cachedIstioctl, verifiedGatewayApi, verifiedIstioctl } from './cached-tools.ts'
import { installTools, istioPlatform } from './install-tools.ts'

const version = '1.31.0'
const archiveName = `istioctl-${version}-${istioPlatform()}.tar.gz`
let folder: string
let server: Server
let files: Map<string, Buffer | string>
let requests: string[]

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'hopmeter-tools-'))
  const program = path.join(folder, 'istioctl')
  writeFileSync(program, '#!/bin/sh\necho 1.31.0\n')
  chmodSync(program, 0o755)
  execFileSync('tar', ['-czf', path.join(folder, 'archive'), '-C', folder, 'istioctl'])
  const archive = readFileSync(path.join(folder, 'archive'))
  const checksum = createHash('sha256').update(archive).digest('hex')
  const crds = `metadata:\n  annotations:\n    gateway.networking.k8s.io/bundle-version: ${pinsFor(version).gatewayApi}\n`
  files = new Map<string, Buffer | string>([
    [`/istio/${version}/${archiveName}`, archive],
    [`/istio/${version}/${archiveName}.sha256`, `${checksum}  ${archiveName}\n`],
    [`/gateway/${pinsFor(version).gatewayApi}/standard-install.yaml`, crds],
  ])
  requests = []
  server = createServer((request, response) => {
    requests.push(request.url ?? '')
    const found = files.get(request.url ?? '')
    response.writeHead(found === undefined ? 404 : 200).end(found)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
})

afterEach(async () => {
  await new Promise((resolve) => {
    server.close(resolve)
  })
  rmSync(folder, { recursive: true, force: true })
})

function options() {
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { cacheRoot: folder, releases: { istio: `${base}/istio`, gatewayApi: `${base}/gateway` } }
}

test('installs istioctl and CRDs once, and verifies istioctl before use', async () => {
  const installed = await installTools('1.31', options())
  expect(installed.istio).toBe(version)
  expect(execFileSync(installed.istioctl, { encoding: 'utf8' })).toBe('1.31.0\n')
  expect(verifiedIstioctl(version, folder)).toBe(installed.istioctl)
  const count = requests.length
  await installTools(version, options())
  expect(requests).toHaveLength(count)
  writeFileSync(installed.istioctl, '#!/bin/sh\necho tampered\n')
  expect(() => verifiedIstioctl(version, folder)).toThrow(/is not the file that was downloaded/)
})

test('the CRDs have a checksum that is written down and compared before each use', async () => {
  const { gatewayApi } = await installTools(version, options())
  const { gatewayApi: bundle } = pinsFor(version)
  const { checksum } = cachedGatewayApi(bundle, folder)
  const data = readFileSync(gatewayApi)
  expect(readFileSync(checksum, 'utf8').trim()).toBe(createHash('sha256').update(data).digest('hex'))
  expect(verifiedGatewayApi(bundle, folder)).toBe(gatewayApi)
  writeFileSync(gatewayApi, `${data.toString()}# another line\n`)
  expect(() => verifiedGatewayApi(bundle, folder)).toThrow(/is not the file that was downloaded/)
  await expect(installTools(version, options())).rejects.toThrow(/is not the file that was downloaded/)
  await installTools(version, { ...options(), force: true })
  expect(readFileSync(gatewayApi)).toEqual(data)
})

test('CRDs of a time without checksums are fetched again', async () => {
  const { gatewayApi } = await installTools(version, options())
  rmSync(cachedGatewayApi(pinsFor(version).gatewayApi, folder).checksum)
  expect(verifiedGatewayApi(pinsFor(version).gatewayApi, folder)).toBeUndefined()
  const count = requests.length
  await installTools(version, options())
  expect(requests).toHaveLength(count + 1)
  expect(verifiedGatewayApi(pinsFor(version).gatewayApi, folder)).toBe(gatewayApi)
})

test.for(['archive', 'checksum', 'manifest'] as const)(
  'a download has a limit, which is named: %s',
  async (kind) => {
    const small = { ...options(), maxBytes: { [kind]: 10 } }
    await expect(installTools(version, small)).rejects.toThrow(/it is larger than 10 bytes, the limit/)
  },
)

test('uses nothing of an archive that does not match its checksum', async () => {
  files.set(`/istio/${version}/${archiveName}`, Buffer.from('something else'))
  await expect(installTools(version, options())).rejects.toThrow(/does not match its published checksum/)
  const { binary } = cachedIstioctl(version, folder)
  expect(existsSync(binary) ? readdirSync(path.dirname(binary)) : []).toEqual([])
})

test('says what to do without a network', async () => {
  const nowhere = { istio: 'http://127.0.0.1:9', gatewayApi: 'http://127.0.0.1:9' }
  await expect(installTools(version, { cacheRoot: folder, releases: nowhere })).rejects.toMatchObject({
    message: expect.stringMatching(/cannot download .*istioctl/) as string,
    hint: expect.stringContaining('without a network') as string,
  })
})

test('knows the platforms that Istio publishes for', () => {
  expect(istioPlatform('linux', 'arm64')).toBe('linux-arm64')
  expect(istioPlatform('darwin', 'x64')).toBe('osx-amd64')
  expect(() => istioPlatform('win32', 'x64')).toThrow(/no istioctl/)
})
