import type { Flow } from '../flow.ts'
import { hostOf, isIpAddress } from '../reading.ts'
import type { Protocol } from '../../topology/model.ts'
import type { AccessLine } from './access-log.ts'

/** What a flow is without its bytes, which counters tell. */
export type Carried = Omit<Flow, 'bytesUp' | 'bytesDown' | 'sharedBytesUp' | 'sharedBytesDown'>

/** What a testbed knows of the names and addresses in ztunnel's log. */
export interface AddressBook {
  /** The service that a client addressed: by host name or address, at the port of `address`. */
  readonly requested: (host: string, address: string) => string
  /** The port at which the owner of an address with ztunnel's port serves. */
  readonly portOf: (address: string) => number
}

/** A closed connection as a flow; bytes come from counters, as those of open connections are in no log. */
export function closedFlow(line: AccessLine, { requested, portOf }: AddressBook): Carried {
  const { direction, source, sourceIdentity, destination, hboneAddress, service } = line
  const isOutbound = direction === 'outbound'
  const asked = hboneAddress ?? destination
  return {
    direction,
    protocol: closedProtocol(line),
    source: hostOf(source),
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    ...(isOutbound ? { requested: requested(service ?? hostOf(asked), asked) } : {}),
    // Inbound, ztunnel's log names its own HBONE port; the application has the port that the CONNECT asked for.
    upstream:
      isOutbound || hboneAddress === undefined
        ? destination
        : `${hostOf(destination)}:${portOf(hboneAddress)}`,
    connections: 1,
    open: 0,
  }
}

/** How an open connection is carried, in ztunnel's words. */
export function asProtocol(text: string): Protocol {
  return text === 'HBONE' || text === 'DOUBLEHBONE' ? text : 'TCP'
}

/**
 * An `:authority` with a host name is asked of the gateway's network, one with an address of a pod. Inbound the log
 * tells no difference between the inner tunnel and a direct one.
 */
function closedProtocol({ direction, hboneAddress }: AccessLine): Protocol {
  if (hboneAddress === undefined) return 'TCP'
  return direction === 'outbound' && !isIpAddress(hostOf(hboneAddress)) ? 'DOUBLEHBONE' : 'HBONE'
}
