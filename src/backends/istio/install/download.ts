import { EnvHttpProxyAgent, fetch } from 'undici'
import { EnvironmentError } from '../../../errors.ts'

const mebibyte = 1024 * 1024

export interface DownloadLimits {
  readonly maxBytes: number
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * A whole file from a URL, or nothing of it: whatever the server says of its size, no more than `maxBytes` is kept.
 * @throws EnvironmentError without a network, when it is too large or takes too long.
 */
export async function download(
  url: string,
  { maxBytes, timeoutMs, signal }: DownloadLimits,
): Promise<Buffer> {
  const limit = AbortSignal.timeout(timeoutMs)
  // By HTTP_PROXY, HTTPS_PROXY and NO_PROXY, which Node's own fetch looks at from 24 on only, and when asked to.
  const dispatcher = new EnvHttpProxyAgent()
  try {
    const during = signal ? AbortSignal.any([signal, limit]) : limit
    const answer = await fetch(url, { signal: during, dispatcher })
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`)
    const chunks: Uint8Array[] = []
    let bytes = 0
    // Leaving the loop by an error closes the connection.
    for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      if (bytes > maxBytes) throw new Error(`it is larger than ${shown(maxBytes)}, the limit for such a file`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } catch (cause) {
    signal?.throwIfAborted()
    const reason = limit.aborted ? `not whole after ${timeoutMs / 1000} s` : reasonOf(cause)
    throw new EnvironmentError(`cannot download ${url}: ${reason}`, {
      cause,
      hint: 'behind a proxy: HTTPS_PROXY; without a network: fetch it elsewhere, check its sha256, and put istioctl on PATH (CRDs: --gateway-api FILE)',
    })
  } finally {
    await dispatcher.destroy()
  }
}

function shown(bytes: number): string {
  return bytes >= mebibyte ? `${bytes / mebibyte} MiB` : `${bytes} bytes`
}

/** fetch hides the reason of a failed connection one level down. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message
}
