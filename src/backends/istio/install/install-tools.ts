import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { EnvironmentError, UsageError } from '../../../errors.ts'
import { run } from '../../../process/exec.ts'
import { makeFolder } from '../../../make-folder.ts'
import { fullIstioVersion, pinsFor } from '../../versions.ts'
import {
  cachedGatewayApi,
  cachedIstioctl,
  sha256,
  verifiedGatewayApi,
  verifiedIstioctl,
} from './cached-tools.ts'
import { download } from './download.ts'

/** Where releases are published. */
const releases = {
  istio: 'https://github.com/istio/istio/releases/download',
  gatewayApi: 'https://github.com/kubernetes-sigs/gateway-api/releases/download',
}
const downloadTimeoutMs = 300_000
/** Several times what such a file has: an archive of 30 MiB, manifests of 1 MiB, one line. */
const maxBytes = { archive: 256 * 1024 * 1024, manifest: 16 * 1024 * 1024, checksum: 4096 } as const

export interface InstallOptions {
  readonly cacheRoot?: string | undefined
  /** Download again what is there. */
  readonly force?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((message: string) => void) | undefined
  /** Mirrors of the release pages; tests have their own. */
  readonly releases?: Partial<typeof releases> | undefined
  /** Largest sizes of what is downloaded; tests have small ones. */
  readonly maxBytes?: Partial<Readonly<Record<keyof typeof maxBytes, number>>> | undefined
}

export interface InstalledTools {
  readonly istio: string
  readonly istioctl: string
  /** Manifest of the Gateway API CRDs that go with this Istio. */
  readonly gatewayApi: string
}

/**
 * Downloads istioctl of a version for this platform, and the CRDs that go with it, into hopmeter's cache. The archive
 * is compared with the checksum that its release publishes before anything of it is unpacked; the program's own
 * checksum is kept and compared before every later use. The CRDs have no published one: what came is written down, and
 * compared before every later use.
 * @throws EnvironmentError without a network or when a checksum does not match; UsageError for unknown versions.
 */
export async function installTools(version: string, options: InstallOptions = {}): Promise<InstalledTools> {
  const istio = fullIstioVersion(version)
  const { gatewayApi } = pinsFor(istio)
  const from = { ...releases, ...options.releases }
  const most = { ...maxBytes, ...options.maxBytes }
  const fetched = (url: string, kind: keyof typeof maxBytes) =>
    download(url, { maxBytes: most[kind], timeoutMs: downloadTimeoutMs, signal: options.signal })
  const target = cachedIstioctl(istio, options.cacheRoot)
  const crds = cachedGatewayApi(gatewayApi, options.cacheRoot)
  if (options.force || verifiedIstioctl(istio, options.cacheRoot) === undefined) {
    const archive = `istioctl-${istio}-${istioPlatform()}.tar.gz`
    options.progress?.(`download ${archive}`)
    const url = `${from.istio}/${istio}/${archive}`
    const [data, checksum] = await Promise.all([
      fetched(url, 'archive'),
      fetched(`${url}.sha256`, 'checksum'),
    ])
    requireChecksum(archive, data, checksum.toString('utf8'))
    await unpack(data, target)
  }
  if (options.force || verifiedGatewayApi(gatewayApi, options.cacheRoot) === undefined) {
    options.progress?.(`download Gateway API CRDs ${gatewayApi}`)
    const data = await fetched(`${from.gatewayApi}/${gatewayApi}/standard-install.yaml`, 'manifest')
    if (!data.toString('utf8').includes(`bundle-version: ${gatewayApi}`)) {
      throw new EnvironmentError(`what was downloaded as Gateway API ${gatewayApi} does not say that it is`)
    }
    // The checksum first: a file without one is never used.
    writeWhole(crds.checksum, Buffer.from(`${sha256(data)}\n`))
    writeWhole(crds.file, data)
  }
  return { istio, istioctl: target.binary, gatewayApi: crds.file }
}

/** Istio's name of this platform. @throws UsageError when there is no istioctl for it. */
export function istioPlatform(platform: string = process.platform, arch: string = process.arch): string {
  const system = { linux: 'linux', darwin: 'osx' }[platform]
  const machine = { x64: 'amd64', arm64: 'arm64' }[arch]
  if (system === undefined || machine === undefined) {
    throw new UsageError(`Istio has no istioctl for ${platform} on ${arch}`)
  }
  return `${system}-${machine}`
}

function requireChecksum(name: string, data: Buffer, published: string): void {
  const wanted = /^[0-9a-f]{64}/.exec(published.trim())?.[0]
  const found = sha256(data)
  if (wanted === found) return
  throw new EnvironmentError(
    `${name} does not match its published checksum: sha256 ${found}, expected ${wanted ?? 'one, but none came'}`,
    { hint: 'nothing of it was used; try again, and be suspicious of the network when it happens again' },
  )
}

async function unpack(archive: Buffer, target: { binary: string; checksum: string }): Promise<void> {
  const folder = path.dirname(target.binary)
  makeFolder(folder)
  const temporary = mkdtempSync(path.join(folder, 'unpack-'))
  try {
    const file = path.join(temporary, 'istioctl.tar.gz')
    writeFileSync(file, archive)
    await run('tar', ['-xzf', file, '-C', temporary, 'istioctl'])
    const unpacked = path.join(temporary, 'istioctl')
    chmodSync(unpacked, 0o755)
    writeWhole(target.checksum, Buffer.from(`${sha256(readFileSync(unpacked))}\n`))
    renameSync(unpacked, target.binary)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

/** Readers see all of a file or none of it. */
function writeWhole(file: string, data: Buffer): void {
  makeFolder(path.dirname(file))
  const temporary = `${file}.${process.pid}.tmp`
  writeFileSync(temporary, data, { flush: true })
  renameSync(temporary, file)
}
