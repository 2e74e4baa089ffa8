import { Option, type Command } from 'commander'
import { withoutMesh } from '../scenario/without-mesh.ts'
import type { Scenario } from '../scenario/types.ts'
import type { KubernetesFlags } from './backends.ts'
import { defaultIstio } from '../backends/registry.ts'
import {
  backendOption,
  clientCount,
  collect,
  collectAssignments,
  collectVersions,
  keyValue,
} from './options.ts'

/** Flags of every verb that stands a testbed up. */
export interface BackendFlags extends KubernetesFlags {
  readonly backend: string
  readonly mesh: 'scenario' | 'none'
}

/** `--backend` and what belongs to the backends, in one place so that every verb has the same. */
export function addBackendFlags(command: Command): Command {
  return command
    .addOption(backendOption())
    .addOption(
      new Option('--mesh <mode>', 'none: every pod outside the mesh, for the price of the network alone')
        .choices(['scenario', 'none'])
        .default('scenario')
        .env('HOPMETER_MESH'),
    )
    .addOption(
      new Option(
        '--cpus <cpus>',
        'lab: CPUs for its programs (default: one where every load has one request in flight, which keeps the scheduler out of it)',
      )
        .choices(['one', 'all'])
        .env('HOPMETER_CPUS'),
    )
    .addOption(
      new Option(
        '--ztunnel <[name=]file>',
        'lab: real ztunnel, one per node, instead of our own; with names, several side by side (repeatable)',
      )
        .argParser(collect)
        .default([], 'our own')
        .env('HOPMETER_ZTUNNEL'),
    )
    .addOption(
      new Option(
        '--envoy <[name=]file>',
        'lab: real Envoy as east-west gateway instead of our own (repeatable)',
      )
        .argParser(collect)
        .default([], 'our own')
        .env('HOPMETER_ENVOY'),
    )
    .addOption(
      new Option(
        '--haproxy [[name=]file]',
        'lab: real HAProxy as load balancer instead of our own (repeatable)',
      )
        .preset('haproxy')
        .argParser(collect)
        .default([], 'our own')
        .env('HOPMETER_HAPROXY'),
    )
    .addOption(
      new Option(
        '--variant <name:key=value,...>',
        'lab: settings of one of several variants: ztunnel, gateway, load-balancer (files, or "node" for our own), ztunnel-threads, ztunnel-log, gateway-threads, load-balancer-threads (repeatable)',
      )
        .argParser(collect)
        .default([], 'none')
        .env('HOPMETER_VARIANT'),
    )
    .addOption(
      new Option(
        '--istio <[name=]version>',
        'kind: Istio to install, e.g. 1.31.0; of several the data plane is switched between restarts (repeatable)',
      )
        .argParser(collectVersions)
        .default([], defaultIstio)
        .env('HOPMETER_ISTIO'),
    )
    .addOption(
      new Option('--istio-hub <[name=]hub>', "kind: registry of Istio's images, of all or of one version")
        .argParser(collect)
        .default([], "Istio's own")
        .env('HOPMETER_ISTIO_HUB'),
    )
    .addOption(
      new Option('--istio-tag <[name=]tag>', "kind: tag of Istio's images, of all or of one version")
        .argParser(collect)
        .default([], 'the version')
        .env('HOPMETER_ISTIO_TAG'),
    )
    .addOption(
      new Option('--istio-set <path=value>', 'kind: further --set of istioctl install (repeatable)')
        .argParser(collectAssignments)
        .default([], 'none'),
    )
    .addOption(
      new Option('--gateway-api <source>', 'kind: file, folder or URL of the Gateway API CRDs').env(
        'HOPMETER_GATEWAY_API',
      ),
    )
    .addOption(new Option('--node-image <image>', 'kind: image of the nodes').env('HOPMETER_NODE_IMAGE'))
    .addOption(
      new Option('--agent-image <image>', 'kind, contexts: stock Node image that the agent runs in').env(
        'HOPMETER_AGENT_IMAGE',
      ),
    )
    .addOption(
      new Option(
        '--clients <n>',
        'kind, contexts: pods per client that send load at the same time (default: 1)',
      )
        .argParser(clientCount)
        .env('HOPMETER_CLIENTS'),
    )
    .addOption(
      new Option('--lb-image <image>', 'kind: HAProxy image of load balancers that proxy').env(
        'HOPMETER_LB_IMAGE',
      ),
    )
    .addOption(
      new Option(
        '--quiet-control-plane <on|off>',
        'kind: stop control planes, istiod and node daemons while rounds run (default: on with fewer than four CPUs per cluster)',
      )
        .choices(['on', 'off'])
        .env('HOPMETER_QUIET_CONTROL_PLANE'),
    )
    .addOption(
      new Option(
        '--context <cluster=context>',
        'contexts: kubeconfig context of a cluster (repeatable)',
      ).argParser(keyValue),
    )
    .addOption(new Option('--kubeconfig <file>', 'contexts: the file that has them (default: $KUBECONFIG)'))
    .addOption(
      new Option('--resources <size>', "kind: trimmed requests for laptops, or Istio's own defaults")
        .choices(['trimmed', 'default'])
        .default('trimmed')
        .env('HOPMETER_RESOURCES'),
    )
}

/** The scenario as `--mesh` wants it. */
export function withMesh(scenario: Scenario, mesh: BackendFlags['mesh']): Scenario {
  return mesh === 'none' ? withoutMesh(scenario) : scenario
}
