import { ztunnelMark } from '../../capture.ts'
import type { LabCommand } from '../../command.ts'
import type { Tuning } from '../../variants.ts'
import { privatePath } from '../private-file.ts'
import type { PlannedZtunnel } from './plan-ztunnels.ts'
import { caPort, loopback } from './protocol.ts'
import { workloadConfig } from './workload-config.ts'

/** As istio's charts have it. */
const workerThreads = 2

/** Files that a ztunnel is started with, in the lab's own tmpfs. */
export interface ZtunnelFiles {
  readonly zdsSocket: string
  readonly config: string
  readonly content: string
}

export function ztunnelFiles({ name, mesh }: PlannedZtunnel): ZtunnelFiles {
  return {
    zdsSocket: privatePath(name, 'zds.sock'),
    config: privatePath(name, 'workloads.yaml'),
    content: workloadConfig(mesh),
  }
}

/** Makes the namespace in which a ztunnel has its own ports: nothing but a loopback. */
export function ztunnelNamespaceCommands(name: string): readonly LabCommand[] {
  return [
    { file: 'ip', args: ['netns', 'add', name] },
    { file: 'ip', args: ['-netns', name, 'link', 'set', 'lo', 'up'] },
  ]
}

/**
 * Starts a ztunnel as the node's: shared mode, told of its pods by ZDS and of the mesh by a file, certificates from its
 * companion. Source: ztunnel `src/config.rs`; what each variable does without was seen with 1.31.0-rc.0.
 */
export function ztunnelCommand(
  binary: string,
  { name, node, network, cluster }: PlannedZtunnel,
  { zdsSocket, config }: ZtunnelFiles,
  rootPem: string,
  { ztunnelThreads = workerThreads, ztunnelLog = 'info' }: Tuning = {},
): LabCommand {
  return {
    netns: name,
    file: binary,
    args: ['proxy', 'ztunnel'],
    env: {
      PROXY_MODE: 'shared',
      INPOD_UDS: zdsSocket,
      NODE_NAME: node,
      NETWORK: network,
      CLUSTER_ID: cluster,
      XDS_ADDRESS: '',
      LOCAL_XDS_PATH: config,
      CA_ADDRESS: `https://${loopback}:${caPort}`,
      CA_ROOT_CA: rootPem,
      PACKET_MARK: String(ztunnelMark),
      ENABLE_ORIG_SRC: 'false',
      IPV6_ENABLED: 'false',
      ISTIO_META_DNS_CAPTURE: 'false',
      ZTUNNEL_WORKER_THREADS: String(ztunnelThreads),
      RUST_LOG: ztunnelLog,
      LOG_FORMAT: 'json',
    },
  }
}
