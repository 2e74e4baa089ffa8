import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { UsageError } from '../../../errors.ts'
import { makeFolder } from '../../../make-folder.ts'
import { hbonePort, type IstioParts } from '../../istio/context.ts'
import { gatewayNodeAddress, gatewayNodePort, readGatewayService } from '../../istio/read/read-gateway.ts'
import { loadBalancerName, type KindCluster } from '../../kubernetes/cluster/layout.ts'
import type { KubeStep, StepContext } from '../../kubernetes/steps/step.ts'
import { sessionLabel } from '../cluster/ownership.ts'

const dockerNetwork = 'kind'
/** HAProxy's own command port inside of the container, published on the loopback of this machine only. */
export const haproxyCommandPort = 9999
const configFile = '/tmp/hopmeter-haproxy.cfg'
/** On the container: what it forwards to, so that a changed gateway is seen without reading its file. */
const targetLabel = 'hopmeter.dev/target'

interface ContainerObject {
  readonly State?: { readonly Running?: boolean }
  readonly Config?: { readonly Image?: string; readonly Labels?: Readonly<Record<string, string>> }
  readonly NetworkSettings?: {
    readonly Networks?: Readonly<Record<string, { readonly IPAddress?: string }>>
    readonly Ports?: Readonly<
      Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>
    >
  }
}

/**
 * Configuration of a plain TCP proxy with one backend. Operator level of the command port can read sessions and change
 * nothing that forwards.
 */
export function haproxyConfig(address: string, nodePort: number): string {
  return `global
  stats socket ipv4@0.0.0.0:${haproxyCommandPort} level operator
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend hbone
  bind :${hbonePort}
  default_backend gateway
backend gateway
  server node ${address}:${nodePort}
`
}

/** Stands HAProxy in front of a gateway, on the network of the nodes. */
export function loadBalancerStep(parts: IstioParts, cluster: KindCluster): KubeStep {
  const { tools, session, loadBalancerImage } = parts
  const name = loadBalancerName(cluster)
  const sessionId = session?.id ?? 'SESSION-ID'
  const file = session?.file(`${name}.cfg`) ?? path.join('SESSION-FOLDER', `${name}.cfg`)
  const create = (target: string) =>
    tools.docker([
      ...['create', '--name', name, '--network', dockerNetwork, '--restart', 'on-failure'],
      ...['--label', `${sessionLabel}=${sessionId}`, '--label', `${targetLabel}=${target}`],
      ...['--publish', `127.0.0.1::${haproxyCommandPort}`, '--entrypoint', 'haproxy'],
      ...[loadBalancerImage, '-W', '-db', '-f', configFile],
    ])
  const copy = tools.docker(['cp', file, `${name}:${configFile}`])
  const begin = tools.docker(['start', name])
  return {
    name: `stand HAProxy in front of the gateway of ${cluster.name}`,
    commands: [create('NODE-ADDRESS:NODE-PORT'), copy, begin],
    isDone: async (context) => {
      const [container, target] = await Promise.all([
        inspect(parts, name, context),
        gatewayTarget(parts, cluster, context),
      ])
      return (
        container?.State?.Running === true &&
        container.Config?.Labels?.[sessionLabel] === sessionId &&
        container.Config.Labels[targetLabel] === target
      )
    },
    run: async (context) => {
      if (!session) throw new UsageError('a plan cannot be run: it has no session')
      const target = await gatewayTarget(parts, cluster, context)
      if (target === undefined)
        throw new UsageError(`the gateway of ${cluster.name} has no port on its node yet`)
      const found = await inspect(parts, name, context)
      if (found) {
        if (found.Config?.Labels?.[sessionLabel] !== sessionId) {
          throw new UsageError(`there already is a container "${name}" that hopmeter did not make`, {
            hint: `if it can go: docker rm --force ${name}`,
          })
        }
        await tools.call(tools.docker(['rm', '--force', '--volumes', name]), context)
      }
      session.claimContainer(name)
      const [address = '', port = ''] = target.split(':')
      makeFolder(path.dirname(file), 0o700)
      // The proxy runs as another user and must be able to read its copy; there is no secret in it.
      writeFileSync(file, haproxyConfig(address, Number(port)), { mode: 0o644 })
      try {
        await tools.call(create(target), { ...context, timeoutMs: 300_000 })
        await tools.call(copy, context)
        await tools.call(begin, context)
      } finally {
        rmSync(file, { force: true })
      }
    },
  }
}

/** Address of the proxy on the network of the nodes; undefined while it does not run. */
export async function loadBalancerAddress(
  parts: IstioParts,
  cluster: KindCluster,
  context: StepContext,
): Promise<string | undefined> {
  const container = await inspect(parts, loadBalancerName(cluster), context)
  const address = container?.NetworkSettings?.Networks?.[dockerNetwork]?.IPAddress
  return address === '' ? undefined : address
}

/** Port on this machine's loopback at which the proxy answers commands. */
export async function haproxyHostPort(
  parts: Pick<IstioParts, 'tools'>,
  cluster: KindCluster,
  context: Pick<StepContext, 'signal'>,
): Promise<number | undefined> {
  const container = await inspect(parts, loadBalancerName(cluster), context)
  const published = container?.NetworkSettings?.Ports?.[`${haproxyCommandPort}/tcp`]?.[0]?.HostPort
  return published === undefined ? undefined : Number(published)
}

async function gatewayTarget(
  parts: IstioParts,
  cluster: KindCluster,
  context: StepContext,
): Promise<string | undefined> {
  const [service, address] = await Promise.all([
    readGatewayService(parts, cluster, context),
    gatewayNodeAddress(parts, cluster, context),
  ])
  const port = gatewayNodePort(service)
  return address === undefined || port === undefined ? undefined : `${address}:${port}`
}

async function inspect(
  { tools }: Pick<IstioParts, 'tools'>,
  name: string,
  context: Pick<StepContext, 'signal'>,
): Promise<ContainerObject | undefined> {
  // `container ls` succeeds where `inspect` fails for what is not there.
  const list = tools.docker(['ps', '--all', '--quiet', '--filter', `name=^/?${name}$`])
  const id = (await tools.call(list, context)).trim()
  if (id === '') return undefined
  const [container] = await tools.json<readonly ContainerObject[]>(tools.docker(['inspect', id]), context)
  return container
}
