import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { connect, isIP } from 'node:net'
import type { Target } from '../protocol.ts'
import { authorityOf } from '../wire/http1-request.ts'

/**
 * Targets with addresses in place of host names, so that no request waits for DNS and all of them go to one address.
 * Of a name with several addresses, such as `localhost`, it is the first that lets us connect (RFC 8305).
 * @throws Error when a name does not resolve.
 */
export function resolveTargets({
  targets,
  timeoutMs,
}: {
  readonly targets: readonly Target[]
  readonly timeoutMs: number
}): Promise<Target[]> {
  return Promise.all(
    targets.map(async (target) => {
      if (isIP(target.host) !== 0) return target
      const addresses = await addressesOf(target.host)
      const host = await firstReachable(addresses, target.port, timeoutMs)
      return { ...target, host, authority: authorityOf(target) }
    }),
  )
}

async function addressesOf(host: string): Promise<LookupAddress[]> {
  try {
    return await lookup(host, { all: true })
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException
    throw new Error(`cannot find the address of "${host}" (${code})`, { cause })
  }
}

/** The first address when it is the only one or none lets us connect: then the requests say what is wrong. */
export async function firstReachable(
  addresses: readonly LookupAddress[],
  port: number,
  timeoutMs: number,
): Promise<string> {
  const [first] = addresses
  if (first === undefined) throw new Error('a name without addresses')
  if (addresses.length === 1) return first.address
  return new Promise((resolve) => {
    const socket = connect({
      host: 'localhost', // any name: `lookup` answers it
      port,
      autoSelectFamily: true,
      lookup: (_, __, answer) => answer(null, [...addresses]),
    })
    const end = (address: string) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(address)
    }
    const timer = setTimeout(() => end(first.address), timeoutMs)
    socket.on('connect', () => end(socket.remoteAddress ?? first.address))
    socket.on('error', () => end(first.address))
  })
}
