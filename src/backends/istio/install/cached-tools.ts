import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { EnvironmentError } from '../../../errors.ts'
import { toolsFolder } from '../../kubernetes/tools/folders.ts'
import type { KubernetesOptions } from '../../kubernetes/tools/options.ts'
import type { ToolName } from '../../kubernetes/tools/toolbox.ts'
import { defaultIstio, fullIstioVersion } from '../../versions.ts'

/** Where `tools install` keeps the istioctl of a version, and the checksum beside it. */
export function cachedIstioctl(version: string, cacheRoot?: string): { binary: string; checksum: string } {
  const folder = path.join(toolsFolder(cacheRoot), `istio-${version}`)
  return { binary: path.join(folder, 'istioctl'), checksum: path.join(folder, 'istioctl.sha256') }
}

/** Where `tools install` keeps the Gateway API CRDs of a version, and the checksum beside them. */
export function cachedGatewayApi(version: string, cacheRoot?: string): { file: string; checksum: string } {
  const file = path.join(toolsFolder(cacheRoot), `gateway-api-${version}`, 'standard-install.yaml')
  return { file, checksum: `${file}.sha256` }
}

/**
 * The cached istioctl of a version, after its checksum was compared with the one kept at its download.
 * @throws EnvironmentError when the file is not what was downloaded.
 */
export function verifiedIstioctl(version: string, cacheRoot?: string): string | undefined {
  const { binary, checksum } = cachedIstioctl(version, cacheRoot)
  if (!existsSync(binary)) return undefined
  requireSame(binary, checksum, `hopmeter tools install --istio ${version} --force`)
  return binary
}

/**
 * The cached CRDs of a version, compared in the same way; those of a time when no checksum was kept are not used.
 * @throws EnvironmentError when the file is not what was downloaded.
 */
export function verifiedGatewayApi(version: string, cacheRoot?: string): string | undefined {
  const { file, checksum } = cachedGatewayApi(version, cacheRoot)
  if (!existsSync(file) || !existsSync(checksum)) return undefined
  requireSame(
    file,
    checksum,
    `hopmeter tools install --force, for the Istio that goes with it; or remove ${file}`,
  )
  return file
}

function requireSame(file: string, checksum: string, hint: string): void {
  const wanted = existsSync(checksum) ? readFileSync(checksum, 'utf8').trim() : 'none'
  const found = sha256(readFileSync(file))
  if (found === wanted) return
  throw new EnvironmentError(
    `${file} is not the file that was downloaded: its sha256 is ${found}, not ${wanted}`,
    { hint },
  )
}

export function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}

/**
 * Programs that are in hopmeter's cache: istioctl from there wins over one on PATH, as it has the right version.
 * @throws EnvironmentError when it is not what was downloaded.
 */
export function cachedPrograms(options: KubernetesOptions): Partial<Record<ToolName, string>> {
  const istioctl = verifiedIstioctl(fullIstioVersion(options.istio ?? defaultIstio), options.cacheRoot)
  return istioctl === undefined ? {} : { istioctl }
}
