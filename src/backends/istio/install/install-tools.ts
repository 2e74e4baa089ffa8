import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { EnvironmentError, UsageError } from '../../../errors.ts'
import { run } from '../../../process/exec.ts'
import { makeFolder } from '../../../make-folder.ts'
import { fullIstioVersion, pinsFor } from '../../versions.ts'
import { cachedGatewayApi, cachedIstioctl, sha256, verifiedIstioctl } from './cached-tools.ts'

/** Where releases are published. */
const releases = {
  istio: 'https://github.com/istio/istio/releases/download',
  gatewayApi: 'https://github.com/kubernetes-sigs/gateway-api/releases/download',
}
const downloadTimeoutMs = 300_000

export interface InstallOptions {
  readonly cacheRoot?: string | undefined
  /** Download again what is there. */
  readonly force?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((message: string) => void) | undefined
  /** Mirrors of the release pages; tests have their own. */
  readonly releases?: Partial<typeof releases> | undefined
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
 * checksum is kept and compared before every later use.
 * @throws EnvironmentError without a network or when a checksum does not match; UsageError for unknown versions.
 */
export async function installTools(version: string, options: InstallOptions = {}): Promise<InstalledTools> {
  const istio = fullIstioVersion(version)
  const { gatewayApi } = pinsFor(istio)
  const from = { ...releases, ...options.releases }
  const target = cachedIstioctl(istio, options.cacheRoot)
  const crds = cachedGatewayApi(gatewayApi, options.cacheRoot)
  if (options.force || verifiedIstioctl(istio, options.cacheRoot) === undefined) {
    const archive = `istioctl-${istio}-${istioPlatform()}.tar.gz`
    options.progress?.(`download ${archive}`)
    const url = `${from.istio}/${istio}/${archive}`
    const [data, checksum] = await Promise.all([download(url, options), download(`${url}.sha256`, options)])
    requireChecksum(archive, data, checksum.toString('utf8'))
    await unpack(data, target)
  }
  if (options.force || !existsSync(crds)) {
    options.progress?.(`download Gateway API CRDs ${gatewayApi}`)
    const data = await download(`${from.gatewayApi}/${gatewayApi}/standard-install.yaml`, options)
    if (!data.toString('utf8').includes(`bundle-version: ${gatewayApi}`)) {
      throw new EnvironmentError(`what was downloaded as Gateway API ${gatewayApi} does not say that it is`)
    }
    writeWhole(crds, data)
  }
  return { istio, istioctl: target.binary, gatewayApi: crds }
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

async function download(url: string, { signal }: InstallOptions): Promise<Buffer> {
  const limit = AbortSignal.timeout(downloadTimeoutMs)
  try {
    const answer = await fetch(url, { signal: signal ? AbortSignal.any([signal, limit]) : limit })
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`)
    return Buffer.from(await answer.arrayBuffer())
  } catch (cause) {
    signal?.throwIfAborted()
    throw new EnvironmentError(`cannot download ${url}: ${reasonOf(cause)}`, {
      cause,
      hint: 'without a network: fetch it elsewhere, check its sha256, and put istioctl on PATH (CRDs: --gateway-api FILE)',
    })
  }
}

/** fetch hides the reason of a failed connection one level down. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message
}
