import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { HopmeterError, UsageError } from '../../../errors.ts'
import type { Flow } from '../../../evidence/flow.ts'
import { makeFolder } from '../../../make-folder.ts'
import { askAgain } from '../../kubernetes/ask-again.ts'
import { hostOf } from '../../../evidence/reading.ts'
import type { Gateway, LoadBalancer, ProxyWatch } from '../../kubernetes/load-balancer.ts'
import { sessionLabel } from '../../kubernetes/session/ownership.ts'
import type { KubeStep, StepContext } from '../../kubernetes/steps/step.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { withDigest } from '../../kubernetes/workloads/images.ts'
import type { KindCluster } from '../cluster/kind-cluster.ts'
import { loadBalancerName } from '../cluster/names.ts'
import { kindNetwork } from '../cluster/provider.ts'
import { askHaproxy, haproxyCommandPort, haproxyConfig, parseSessions } from './haproxy.ts'
import type { LoadBalancerParts } from './parts.ts'
import { isRefused, refuseCommand } from './refused-routes.ts'

const haproxyTimeoutMs = 5000
const configFile = '/tmp/hopmeter-haproxy.cfg'
/** On the container: what it forwards to, so that a changed gateway is seen without reading its file. */
const targetLabel = 'hopmeter.dev/target'

interface ContainerObject {
  /** Digest of its image. */
  readonly Image?: string
  readonly State?: { readonly Running?: boolean }
  readonly Config?: { readonly Image?: string; readonly Labels?: Readonly<Record<string, string>> }
  readonly NetworkSettings?: {
    readonly Networks?: Readonly<Record<string, { readonly IPAddress?: string }>>
    readonly Ports?: Readonly<
      Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>
    >
  }
}

/** HAProxy in front of the gateway, on the network of the nodes: one more component that terminates TCP. */
export function proxy(parts: LoadBalancerParts, cluster: KindCluster, gateway: Gateway): LoadBalancer {
  const { tools, image } = parts
  const name = loadBalancerName(cluster.kindName)
  const logs = tools.docker(['logs', name])
  return {
    label: `haproxy (${image})`,
    image: async (context) => withDigest(image, (await inspect(tools, name, context))?.Image),
    restart: async (context) => {
      await tools.call(tools.docker(['restart', '--time', '1', name]), context)
      // Its network is a new one.
      await tools.call(refuseCommand(parts, name), context)
    },
    step: standStep(parts, cluster, name, gateway),
    ingress: async (context) => {
      const container = await inspect(tools, name, context)
      const ip = container?.NetworkSettings?.Networks?.[kindNetwork()]?.IPAddress ?? ''
      return ip === '' ? undefined : { ip, ipMode: 'Proxy' }
    },
    placeholder: { ip: 'ADDRESS-OF-THE-PROXY', ipMode: 'Proxy' },
    missing: { what: 'its load balancer', hint: `docker logs ${name} says why` },
    watch: (context) => watch(tools, cluster.name, name, gateway, context),
    stateFiles: [{ file: 'load-balancer.log', command: logs }],
  }
}

function standStep(parts: LoadBalancerParts, cluster: KindCluster, name: string, gateway: Gateway): KubeStep {
  const { tools, session, image } = parts
  const sessionId = session?.id ?? 'SESSION-ID'
  const file = session?.file(`${name}.cfg`) ?? path.join('SESSION-FOLDER', `${name}.cfg`)
  const create = (target: string) =>
    tools.docker([
      ...['create', '--name', name, '--network', kindNetwork(), '--restart', 'on-failure'],
      ...['--label', `${sessionLabel}=${sessionId}`, '--label', `${targetLabel}=${target}`],
      ...['--publish', `127.0.0.1::${haproxyCommandPort}`, '--entrypoint', 'haproxy'],
      ...[image, '-W', '-db', '-f', configFile],
    ])
  const copy = tools.docker(['cp', file, `${name}:${configFile}`])
  const begin = tools.docker(['start', name])
  const refuse = refuseCommand(parts, name)
  return {
    name: `stand HAProxy in front of the gateway of ${cluster.name}`,
    commands: [create('NODE-ADDRESS:NODE-PORT'), copy, begin, refuse],
    isDone: async (context) => {
      const [container, target] = await Promise.all([
        inspect(tools, name, context),
        targetOf(gateway, context),
      ])
      return (
        container?.State?.Running === true &&
        container.Config?.Labels?.[sessionLabel] === sessionId &&
        container.Config.Labels[targetLabel] === target &&
        (await isRefused(parts, name, context))
      )
    },
    run: async (context) => {
      if (!session) throw new UsageError('a plan cannot be run: it has no session')
      const target = await targetOf(gateway, context)
      if (target === undefined)
        throw new UsageError(`the gateway of ${cluster.name} has no port on its node yet`)
      const found = await inspect(tools, name, context)
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
      writeFileSync(file, haproxyConfig(gateway.port, address, Number(port)), { mode: 0o644 })
      try {
        await tools.call(create(target), { ...context, timeoutMs: 300_000 })
        await tools.call(copy, context)
        await tools.call(begin, context)
        await tools.call(refuse, context)
      } finally {
        rmSync(file, { force: true })
      }
    },
  }
}

async function targetOf(gateway: Gateway, context: Pick<StepContext, 'signal'>): Promise<string | undefined> {
  const [port, address] = await Promise.all([gateway.nodePort(context), gateway.nodeAddress(context)])
  return address === undefined || port === undefined ? undefined : `${address}:${port}`
}

async function inspect(
  tools: Toolbox,
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

/** Asks the proxy itself, on this machine's loopback, which connections it carries. */
async function watch(
  tools: Toolbox,
  cluster: string,
  name: string,
  gateway: Gateway,
  { signal }: StepContext,
): Promise<ProxyWatch> {
  const container = await inspect(tools, name, { signal })
  const port = container?.NetworkSettings?.Ports?.[`${haproxyCommandPort}/tcp`]?.[0]?.HostPort
  const target = await targetOf(gateway, { signal })
  if (port === undefined) throw new HopmeterError(`the proxy in front of ${cluster} does not run`)
  const what = `proxy of ${cluster}`
  /** Ids of all sessions that were seen, by address of who opened them. */
  const seen = new Map<string, Set<string>>()
  return {
    read: async (during) => {
      const ask = () => askHaproxy(Number(port), 'show sess', haproxyTimeoutMs)
      const reading = parseSessions(await askAgain(what, during, ask))
      if (!reading.ok) throw new HopmeterError(`${what}: ${reading.cannotRead}`)
      const open = new Map<string, number>()
      for (const { id, source } of reading.value) {
        const host = hostOf(source)
        seen.set(host, (seen.get(host) ?? new Set()).add(id))
        open.set(host, (open.get(host) ?? 0) + 1)
      }
      const flows = [...seen].map(([source, ids]): Flow => {
        const counts = { connections: ids.size, open: open.get(source) ?? 0 }
        return { direction: 'forward', protocol: 'TCP', source, upstream: target ?? '', ...counts }
      })
      return { component: { kind: 'load-balancer', cluster }, instance: `${cluster}/haproxy`, flows }
    },
  }
}
