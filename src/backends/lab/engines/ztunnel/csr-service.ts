import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import { once } from 'node:events'
import type { MeshAuthority } from '../../pki.ts'
import { certificateAnswer, createCertificatePath, requestedCsr } from './csr-messages.ts'
import { requestedSpiffe } from './requested-spiffe.ts'

/** Statuses of gRPC that are used here. */
const grpc = { ok: 0, invalidArgument: 3, permissionDenied: 7, unimplemented: 12 } as const
const maxRequestBytes = 64 * 1024

export interface CsrServiceOptions {
  readonly host: string
  readonly port: number
  readonly authority: MeshAuthority
  readonly identities: readonly string[]
  readonly onCertified: (spiffe: string) => void
  readonly onProblem: (problem: string) => void
}

class Refused extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * The part of istiod that a ztunnel asks for certificates: `IstioCertificateService` over TLS. It signs for the pods of
 * its node and for nobody else.
 * @throws the listen error.
 */
export async function serveCsr(options: CsrServiceOptions): Promise<Http2SecureServer> {
  const { host, port, authority } = options
  const { certPem, keyPem } = await authority.issueServer(host)
  const server = createSecureServer({ cert: certPem, key: keyPem, minVersion: 'TLSv1.2' })
  server.on('sessionError', () => {}) // also shows at each of its streams
  server.on('tlsClientError', (error) => options.onProblem(`certificate service: ${error.message}`))
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {}) // also shows as a ztunnel without a certificate
    answer(stream, headers, options).then(
      (message) => {
        stream.respond(responseHeaders, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(grpc.ok) }))
        stream.end(message)
      },
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error)
        const status = error instanceof Refused ? error.status : grpc.invalidArgument
        options.onProblem(`certificate service: ${message}`)
        if (stream.destroyed) return
        const trailers = { 'grpc-status': String(status), 'grpc-message': encodeURIComponent(message) }
        stream.respond({ ...responseHeaders, ...trailers }, { endStream: true })
      },
    )
  })
  server.listen(port, host)
  await once(server, 'listening')
  return server
}

const responseHeaders = { ':status': 200, 'content-type': 'application/grpc' }

async function answer(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { authority, identities, onCertified }: CsrServiceOptions,
): Promise<Buffer> {
  const body = await wholeBody(stream)
  if (headers[':path'] !== createCertificatePath) {
    throw new Refused(grpc.unimplemented, `there is no ${headers[':path']}`)
  }
  const csr = requestedCsr(body)
  const spiffe = requestedSpiffe(csr)
  if (spiffe === undefined) throw new Refused(grpc.invalidArgument, 'the request names no SPIFFE id')
  if (!identities.includes(spiffe)) throw new Refused(grpc.permissionDenied, `${spiffe} is not of this node`)
  const leaf = await authority.certify(spiffe, csr)
  onCertified(spiffe)
  return certificateAnswer([leaf, authority.rootPem])
}

async function wholeBody(stream: ServerHttp2Stream): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxRequestBytes) throw new Refused(grpc.invalidArgument, 'the request is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
