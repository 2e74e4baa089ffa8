// The part of the stand-in that lives in a pod's network namespace: takes what the pod sends, and HBONE for it.
import { createServer, type Socket } from 'node:net'
import { readLines, writeLine } from '../../../../../../process/lines.ts'
import { connectHeaders, workloadBaggage } from '../../../../components/connect-headers.ts'
import { dial } from '../../../../components/dial.ts'
import { FlowTable, type FlowCounters } from '../../../../components/flow-table.ts'
import { openConnect, openSession } from '../../../../components/hbone-client.ts'
import { refuse, serveHbone, type ConnectRequest } from '../../../../components/hbone-server.ts'
import { openInnerTunnel } from '../../../../components/inner-tunnel.ts'
import { listen } from '../../../../components/listen.ts'
import { connectMtls } from '../../../../components/mtls.ts'
import { relay, reset, type Channel } from '../../../../components/relay.ts'
import { dialMarked, originalDestination } from './native-sockets.ts'
import type { PodConfig, PodMessage, StandInConnection, StandInService } from './protocol.ts'

type Told = Omit<StandInConnection, 'id' | 'bytesUp' | 'bytesDown'>

const open = new Map<number, { readonly told: Told; readonly flow: FlowCounters }>()
let lastId = 0

function send(message: PodMessage): void {
  writeLine(process.stdout, message)
}

function carry(downstream: Channel, upstream: Channel, told: Told): void {
  const { direction, src, actualDst } = told
  const flow = new FlowTable().open({ direction, protocol: 'HBONE', source: src, upstream: actualDst })
  const id = ++lastId
  open.set(id, { told, flow })
  relay(downstream, upstream, flow)
  downstream.once('close', () => {
    open.delete(id)
    send({ type: 'closed', connection: counted(id, told, flow) })
  })
}

function counted(id: number, told: Told, { bytesUp, bytesDown }: FlowCounters): StandInConnection {
  return { id, ...told, bytesUp, bytesDown }
}

async function start(config: PodConfig): Promise<void> {
  await serveHbone({
    address: `${config.ip}:15008`,
    identity: config.identity,
    trustDomain: config.trustDomain,
    maxConcurrentStreams: 200,
    onConnect: (request) => void inbound(config, request),
    onRefused: () => {},
  })
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (app) => {
    app.on('error', () => {}) // also shows as `close`
    outbound(config, app).catch(() => reset(app))
  })
  await listen(server, '0.0.0.0:15001')
}

async function inbound(config: PodConfig, request: ConnectRequest): Promise<void> {
  const { stream, authority, sourceIdentity, sourceIp } = request
  if (!config.own.includes(authority)) return refuse(stream, 400)
  const { remotePort = 0 } = stream.session?.socket ?? {}
  const upstream = `${config.ip}:${config.appPort}`
  try {
    const app = await dial(upstream)
    stream.respond({ ':status': 200, baggage: workloadBaggage(config.identity.spiffe, 'stand-in') })
    carry(stream, app, {
      direction: 'inbound',
      protocol: 'HBONE',
      src: `${sourceIp}:${remotePort}`,
      originalDst: authority,
      actualDst: upstream,
      sourceIdentity,
      destinationIdentity: config.identity.spiffe,
      hboneAddress: authority,
      service: authority.slice(0, authority.lastIndexOf(':')),
    })
  } catch {
    refuse(stream, 503)
  }
}

async function outbound(config: PodConfig, app: Socket): Promise<void> {
  const vip = originalDestination(app)
  const service = config.services.find((known) => known.vip === vip)
  if (!service) throw new Error(`no service at ${vip}`)
  const { stream, authority } = await tunnel(config, app, service)
  carry(app, stream, {
    direction: 'outbound',
    protocol: service.upstream.protocol,
    src: `${app.remoteAddress}:${app.remotePort}`,
    originalDst: vip,
    actualDst: service.upstream.address,
    sourceIdentity: config.identity.spiffe,
    destinationIdentity: service.spiffe[0] ?? '',
    hboneAddress: authority,
    service: service.hostname,
  })
}

async function tunnel(config: PodConfig, app: Socket, { hostname, vip, spiffe, upstream }: StandInService) {
  const { identity, mark, network } = config
  const named = `${hostname}:${vip.slice(vip.lastIndexOf(':') + 1)}`
  const headers = connectHeaders(app, named, workloadBaggage(identity.spiffe, 'stand-in'))
  const tcp = await dialMarked(upstream.address, mark)
  if (upstream.protocol === 'HBONE') {
    const session = openSession(await connectMtls(tcp, identity, spiffe))
    const stream = await openConnect(session, upstream.authority, headers)
    stream.once('close', () => session.close())
    return { stream, authority: upstream.authority }
  }
  const session = openSession(await connectMtls(tcp, identity, upstream.gatewaySpiffe))
  const outer = await openConnect(session, named, headers)
  outer.once('close', () => session.close())
  const inner = { ...headers, 'x-forwarded-network': network }
  return { stream: await openInnerTunnel(outer, identity, spiffe, named, inner), authority: named }
}

let started = false
readLines(
  process.stdin,
  (line) => {
    if (started) {
      const connections = [...open].map(([id, { told, flow }]) => counted(id, told, flow))
      return send({ type: 'open', connections })
    }
    started = true
    void start(JSON.parse(line) as PodConfig).then(() => send({ type: 'ready' }))
  },
  { onEnd: () => process.exit(0) },
)
