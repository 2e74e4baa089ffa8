import { hbonePort } from '../../../../plan/names.ts'
import type { Identity } from '../../components/protocol.ts'
import { gatewayMaxConcurrentStreams, pingIntervalMs, pingTimeoutMs } from '../../components/wire.ts'

/** What a gateway has to know, whoever it is. */
export interface EnvoyGateway {
  readonly name: string
  /** `ip:port` of its HBONE port. */
  readonly listen: string
  readonly trustDomain: string
  readonly identity: Identity
  /** CONNECT authority of the outer tunnel to `podIP:15008`. */
  readonly targets: Readonly<Record<string, string>>
}

const types = 'type.googleapis.com/envoy'
const mainInternal = 'main_internal'
const forwardInnerConnect = 'forward_inner_connect'
const originalDst = 'envoy.filters.listener.original_dst'
/** Facts of the outer tunnel that travel along the chain: its authority chooses the service, the others are evidence. */
const along = {
  'hopmeter.authority': '%REQ(:AUTHORITY)%',
  'hopmeter.peer': '%DOWNSTREAM_PEER_URI_SAN%',
  'hopmeter.source': '%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%',
} as const

/** One line per connection when it is made and when it is over. */
export const accessLogFormat = {
  type: '%ACCESS_LOG_TYPE%',
  source: '%FILTER_STATE(hopmeter.source:PLAIN)%',
  peer: '%FILTER_STATE(hopmeter.peer:PLAIN)%',
  authority: '%FILTER_STATE(hopmeter.authority:PLAIN)%',
  upstream: '%UPSTREAM_HOST%',
  local: '%UPSTREAM_LOCAL_ADDRESS%',
  up: '%BYTES_RECEIVED%',
  down: '%BYTES_SENT%',
  flags: '%RESPONSE_FLAGS%',
} as const

/**
 * An east-west gateway as istiod makes one of Envoy: `connect_terminate` ends the outer tunnel and hands its bytes to
 * the internal listener `main_internal`, which chooses the service; that hands them to `forward_inner_connect`, which
 * dials the pod's HBONE port. Left out: Istio's own extensions (peer metadata, statistics), which stock Envoy lacks.
 * Source: istio `pilot/pkg/networking/core/{listener,cluster}_waypoint.go` of 1.27 and later.
 */
export function envoyBootstrap(gateway: EnvoyGateway, adminSocket: string): object {
  return {
    node: { id: gateway.name, cluster: gateway.name },
    admin: { address: { pipe: { path: adminSocket, mode: 0o600 } } },
    bootstrap_extensions: [
      extension(
        'envoy.bootstrap.internal_listener',
        'extensions.bootstrap.internal_listener.v3.InternalListener',
      ),
    ],
    static_resources: {
      listeners: [connectTerminate(gateway), mainInternalListener(gateway), forwardListener()],
      clusters: [
        internalCluster(mainInternal, mainInternal),
        ...Object.entries(gateway.targets).map(([authority, target]) => serviceCluster(authority, target)),
        forwardCluster(Object.values(gateway.targets)[0]),
      ],
    },
  }
}

function connectTerminate({ listen, trustDomain, identity }: EnvoyGateway): object {
  const manager = extension(
    'envoy.filters.network.http_connection_manager',
    'extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    {
      stat_prefix: 'connect_terminate',
      route_config: {
        name: 'default',
        // What the gateway does not know is refused by the next listener, where no filter chain matches.
        virtual_hosts: [{ name: 'default', domains: ['*'], routes: [connectRoute()] }],
      },
      http_filters: [carryAlong(), router()],
      stream_idle_timeout: '0s',
      upgrade_configs: [{ upgrade_type: 'CONNECT' }],
      http2_protocol_options: {
        allow_connect: true,
        max_concurrent_streams: gatewayMaxConcurrentStreams,
        connection_keepalive: { interval: seconds(pingIntervalMs), timeout: seconds(pingTimeoutMs) },
      },
      codec_type: 'HTTP2',
    },
  )
  return {
    name: 'connect_terminate',
    address: socketAddress(listen),
    connection_balance_config: { exact_balance: {} },
    filter_chains: [
      { name: 'default', transport_socket: downstreamTls(trustDomain, identity), filters: [manager] },
    ],
  }
}

function connectRoute(): object {
  return {
    match: { connect_matcher: {} },
    route: {
      cluster: mainInternal,
      timeout: '0s',
      upgrade_configs: [{ upgrade_type: 'CONNECT', connect_config: {} }],
    },
  }
}

function downstreamTls(trustDomain: string, { certPem, keyPem, rootPem }: Identity): object {
  const isOfTrustDomain = { san_type: 'URI', matcher: { prefix: `spiffe://${trustDomain}/` } }
  return extension('tls', 'extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
    require_client_certificate: true,
    // ztunnel never resumes a session.
    disable_stateless_session_resumption: true,
    disable_stateful_session_resumption: true,
    common_tls_context: {
      alpn_protocols: ['h2'],
      tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
      tls_certificates: [
        { certificate_chain: { inline_string: certPem }, private_key: { inline_string: keyPem } },
      ],
      validation_context: {
        trusted_ca: { inline_string: rootPem },
        match_typed_subject_alt_names: [isOfTrustDomain],
      },
    },
  })
}

/** As Istio's `connect_authority` filter: facts of the stream become state that internal listeners see. */
function carryAlong(): object {
  const config = {
    on_request_headers: Object.entries(along).map(([key, format]) => ({
      object_key: key,
      factory_key: 'envoy.string',
      format_string: { text_format_source: { inline_string: format } },
      shared_with_upstream: 'TRANSITIVE',
    })),
  }
  return extension(
    'envoy.filters.http.set_filter_state',
    'extensions.filters.http.set_filter_state.v3.Config',
    config,
  )
}

function router(): object {
  return extension('envoy.filters.http.router', 'extensions.filters.http.router.v3.Router')
}

function mainInternalListener({ targets }: EnvoyGateway): object {
  const authorities = Object.keys(targets)
  const matcher = {
    matcher_tree: {
      input: extension(
        'envoy.matching.inputs.filter_state',
        'extensions.matching.common_inputs.network.v3.FilterStateInput',
        { key: 'hopmeter.authority' },
      ),
      exact_match_map: {
        map: Object.fromEntries(authorities.map((name) => [name, { action: chainName(serviceName(name)) }])),
      },
    },
  }
  return {
    name: mainInternal,
    internal_listener: {},
    listener_filters: [originalDestination()],
    // A gateway without services: a matcher must not be empty.
    ...(authorities.length === 0 ? {} : { filter_chain_matcher: matcher }),
    filter_chains:
      authorities.length === 0
        ? [{ filters: [tcpProxy(mainInternal, forwardInnerConnect)] }]
        : authorities.map((name) => ({
            name: serviceName(name),
            filters: [tcpProxy(serviceName(name), serviceName(name))],
          })),
  }
}

function forwardListener(): object {
  const log = extension(
    'envoy.access_loggers.stdout',
    'extensions.access_loggers.stream.v3.StdoutAccessLog',
    {
      log_format: { json_format: accessLogFormat },
    },
  )
  const more = { access_log: [log], access_log_options: { flush_access_log_on_connected: true } }
  return {
    name: forwardInnerConnect,
    internal_listener: {},
    listener_filters: [originalDestination()],
    filter_chains: [{ filters: [tcpProxy(forwardInnerConnect, forwardInnerConnect, more)] }],
  }
}

/** `inbound-vip|8080|tcp|host`: an endpoint behind the internal listener, whose metadata says which pod is meant. */
function serviceCluster(authority: string, target: string): object {
  const endpoint = {
    endpoint: { address: internalAddress(forwardInnerConnect) },
    metadata: { filter_metadata: { [originalDst]: { local: target } } },
  }
  return internal(serviceName(authority), endpoint, {
    passthrough_metadata: [{ kind: { host: {} }, name: originalDst }],
  })
}

function internalCluster(name: string, listener: string): object {
  return internal(name, { endpoint: { address: internalAddress(listener) } }, {})
}

function internal(name: string, endpoint: object, socket: object): object {
  return {
    name,
    type: 'STATIC',
    connect_timeout: connectTimeout,
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [endpoint] }] },
    transport_socket: extension(
      'envoy.transport_sockets.internal_upstream',
      'extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport',
      {
        ...socket,
        transport_socket: extension(
          'envoy.transport_sockets.raw_buffer',
          'extensions.transport_sockets.raw_buffer.v3.RawBuffer',
        ),
      },
    ),
  }
}

function forwardCluster(target = `:${hbonePort}`): object {
  return {
    name: forwardInnerConnect,
    type: 'ORIGINAL_DST',
    lb_policy: 'CLUSTER_PROVIDED',
    connect_timeout: connectTimeout,
    cleanup_interval: '60s',
    original_dst_lb_config: { upstream_port_override: portOf(target) },
  }
}

function tcpProxy(statPrefix: string, cluster: string, more: object = {}): object {
  return extension('envoy.filters.network.tcp_proxy', 'extensions.filters.network.tcp_proxy.v3.TcpProxy', {
    stat_prefix: statPrefix,
    cluster,
    ...more,
  })
}

function originalDestination(): object {
  return extension(originalDst, 'extensions.filters.listener.original_dst.v3.OriginalDst')
}

function chainName(name: string): object {
  return {
    name,
    typed_config: { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: name },
  }
}

function extension(name: string, type: string, config: object = {}): object {
  return { name, typed_config: { '@type': `${types}.${type}`, ...config } }
}

/** Istio's name of a cluster for a service of the gateway's own network. */
function serviceName(authority: string): string {
  const colon = authority.lastIndexOf(':')
  return `inbound-vip|${authority.slice(colon + 1)}|tcp|${authority.slice(0, colon)}`
}

function socketAddress(address: string): object {
  return {
    socket_address: { address: address.slice(0, address.lastIndexOf(':')), port_value: portOf(address) },
  }
}

function internalAddress(listener: string): object {
  return { envoy_internal_address: { server_listener_name: listener } }
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1))
}

function seconds(ms: number): string {
  return `${ms / 1000}s`
}

/** Istio's default. */
const connectTimeout = '10s'
