import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { IstioContext } from '../context.ts'
import { sha256 } from './cached-tools.ts'

/** Manifests have 1 MiB or so; another file is none. */
const maxBytes = 16 * 1024 * 1024

/** Which CRDs were applied, for the result: those of files are known to the byte, what kubectl fetched is not. */
export function gatewayApiFacts({
  pins,
  options,
}: Pick<IstioContext, 'pins' | 'options'>): Readonly<Record<string, string>> {
  const source = options.gatewayApi
  const data = source === undefined ? undefined : contentOf(source)
  if (data === undefined) {
    return { gatewayApi: source === undefined ? pins.gatewayApi : 'unknown', gatewayApiSha256: 'unknown' }
  }
  const version = /bundle-version: ["']?([\w.-]+)/.exec(data.toString('utf8'))?.[1]
  return { gatewayApi: version ?? 'unknown', gatewayApiSha256: sha256(data) }
}

/** A file, or the files of a folder as kubectl takes them, in the order of their names; undefined for URLs. */
function contentOf(source: string): Buffer | undefined {
  const found = statSync(source, { throwIfNoEntry: false })
  if (!found?.isDirectory()) return fileContent(source)
  const files = readdirSync(source).filter((name) => /\.(?:json|ya?ml)$/.test(name))
  const contents = files.toSorted().map((name) => fileContent(path.join(source, name)))
  return contents.length === 0 || contents.includes(undefined)
    ? undefined
    : Buffer.concat(contents as readonly Buffer[])
}

function fileContent(file: string): Buffer | undefined {
  const found = statSync(file, { throwIfNoEntry: false })
  return found?.isFile() && found.size <= maxBytes ? readFileSync(file) : undefined
}
