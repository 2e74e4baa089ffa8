/**
 * Constants of the wire as ztunnel and the east-west gateway set them. docs/hbone.md gives a source for each and
 * says where Node cannot do the same.
 */
import type { SecureContextOptions } from 'node:tls'

/** TLS 1.3 only, AES-GCM only. Groups are pinned because OpenSSL's default differs between Node versions. */
export const tlsParameters = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256',
  ecdhCurve: 'X25519:P-256:P-384',
} as const satisfies SecureContextOptions

export const streamWindowBytes = 4 * 1024 * 1024
export const connectionWindowBytes = 16 * 1024 * 1024
export const maxFrameBytes = 1024 * 1024
export const clientMaxHeaderBytes = 16 * 1024
export const serverMaxHeaderBytes = 64 * 1024
export const ztunnelMaxConcurrentStreams = 200
export const gatewayMaxConcurrentStreams = 100

/** Streams that a pooled connection ever carries at once; the next one opens another connection. */
export const poolMaxStreams = 100
/** A pooled connection that nobody asked for during this time leaves the pool. */
export const poolUnusedReleaseMs = 5 * 60_000

export const pingIntervalMs = 10_000
export const pingTimeoutMs = 20_000
export const connectTimeoutMs = 10_000
/** How long an outer stream that we ended waits for the far end to end it too. */
export const lingerMs = 5_000

/**
 * Resets after which a pooled connection takes no new streams. Node's HTTP/2 servers drop a connection at 1000 resets
 * in a burst or 33 per second (nghttp2's guard against rapid resets, which Node 20 cannot set).
 */
export const poolMaxResets = 500

/**
 * nghttp2 as Node embeds it refuses streams once a session holds this much (default 10 MB). Flow control already
 * bounds a session to its streams' windows, so the limit is set above what those can reach.
 */
export const maxSessionMemoryMb = 2048
