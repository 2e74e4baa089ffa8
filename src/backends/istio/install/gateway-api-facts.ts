import { readFileSync, statSync } from 'node:fs'
import type { IstioContext } from '../context.ts'
import { sha256 } from './cached-tools.ts'

/** Manifests have 1 MiB or so; another file is none. */
const maxBytes = 16 * 1024 * 1024

/** Which CRDs were applied, for the result: those of a file are known to the byte, what kubectl fetched is not. */
export function gatewayApiFacts({
  pins,
  options,
}: Pick<IstioContext, 'pins' | 'options'>): Readonly<Record<string, string>> {
  const file = options.gatewayApi
  const data = file === undefined ? undefined : contentOf(file)
  if (data === undefined) {
    return { gatewayApi: file === undefined ? pins.gatewayApi : 'unknown', gatewayApiSha256: 'unknown' }
  }
  const version = /bundle-version: ["']?([\w.-]+)/.exec(data.toString('utf8'))?.[1]
  return { gatewayApi: version ?? 'unknown', gatewayApiSha256: sha256(data) }
}

/** Undefined for folders and URLs. */
function contentOf(file: string): Buffer | undefined {
  const found = statSync(file, { throwIfNoEntry: false })
  return found?.isFile() && found.size <= maxBytes ? readFileSync(file) : undefined
}
