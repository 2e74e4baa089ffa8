import { existsSync, readFileSync } from 'node:fs'
import { CommandError } from '../../../errors.ts'
import type { KindCluster } from '../../kubernetes/cluster/layout.ts'
import type { InTurns } from '../../kubernetes/steps/serial-queue.ts'
import type { KubeStep, StepContext } from '../../kubernetes/steps/step.ts'
import { applyArguments, systemNamespace, type IstioParts } from '../context.ts'

/** On a remote secret that was replaced by one with other content, until istiod was started anew. */
export const replacedAnnotation = 'hopmeter.dev/replaced'

interface SecretObject {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> }
  readonly data?: Readonly<Record<string, string>>
}

/**
 * Lets the istiod of `to` read the API of `of`, by the address that its node has on the network between the nodes:
 * the kubeconfig of the user's side names 127.0.0.1, which inside of a pod is the pod.
 * @param inTurn of all steps for `of`: two `istioctl create-remote-secret` for one cluster both find that its token is
 * missing, and the second fails because the first has made it.
 */
export function remoteSecretStep(
  { tools, facts }: IstioParts,
  of: KindCluster,
  to: KindCluster,
  inTurn: InTurns,
): KubeStep {
  const create = (address: string) =>
    tools.istioctl(of, ['create-remote-secret', '--name', of.name, '--server', `https://${address}:6443`])
  const apply = (secret: string) => tools.kubectl(to, applyArguments, secret)
  const server = async (context: StepContext) => (await facts.of(of, context)).nodes[0]?.address ?? ''
  const name = `istio-remote-secret-${of.name}`
  const inSystem = ['--namespace', systemNamespace]
  const read = tools.kubectl(to, [...inSystem, 'get', 'secret', name, '-o', 'json'])
  const annotate = [...inSystem, 'annotate', 'secret', name, '--overwrite']
  const mark = tools.kubectl(to, [...annotate, `${replacedAnnotation}=true`])
  return {
    name: `let ${to.name} see ${of.name}`,
    commands: [create('ADDRESS-OF-CONTROL-PLANE'), apply('OUTPUT-OF-THE-COMMAND-BEFORE')],
    isDone: async (context) => {
      const secret = await tools.find<SecretObject>(read, context)
      const encoded = secret?.data?.[of.name]
      const isOfThisCluster = sameAuthority(encoded, of.kubeconfig)
      return isOfThisCluster && remoteServer(encoded) === `https://${await server(context)}:6443`
    },
    run: async (context) => {
      const command = create(await server(context))
      const secret = await inTurn(() =>
        askOnceMore(() => tools.call(command, { ...context, timeoutMs: 120_000 })),
      )
      // Before the change, so that no stop in between leaves one that nobody knows of.
      if (await tools.find(read, context)) await tools.call(mark, context)
      await tools.call(apply(secret), context)
    },
  }
}

/** Names of the remote secrets of a cluster that were replaced since its istiod was started. */
export async function replacedSecrets(
  { tools }: Pick<IstioParts, 'tools'>,
  cluster: KindCluster,
  context: StepContext,
): Promise<readonly string[]> {
  const of = ['--namespace', systemNamespace, '--selector', 'istio/multiCluster=true']
  const command = tools.kubectl(cluster, ['get', 'secrets', ...of, '-o', 'json'])
  const { items } = await tools.json<{ readonly items?: readonly SecretObject[] }>(command, context)
  return (items ?? [])
    .filter(({ metadata }) => metadata.annotations?.[replacedAnnotation] !== undefined)
    .map(({ metadata }) => metadata.name)
}

/** Who else asks for a token, such as an `up` that was interrupted, may make it between our look and our creation. */
async function askOnceMore(ask: () => Promise<string>): Promise<string> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof CommandError && error.output.includes('already exists')) return await ask()
    throw error
  }
}

/**
 * Whether a remote secret trusts the API that our kubeconfig trusts. A cluster that was made again can have the address
 * of the former one, but never its authority; then the secret opens nothing any more.
 */
function sameAuthority(encoded: string | undefined, kubeconfig: string): boolean {
  const authority = (text: string) =>
    /^\s*"?certificate-authority-data"?:\s*"?([A-Za-z0-9+/=]+)/m.exec(text)?.[1]
  if (encoded === undefined) return false
  const own = existsSync(kubeconfig) ? authority(readFileSync(kubeconfig, 'utf8')) : undefined
  const theirs = authority(Buffer.from(encoded, 'base64').toString())
  return own === undefined || theirs === undefined || own === theirs
}

/** API server in a remote secret's kubeconfig (base64), or undefined when there is none. */
export function remoteServer(encoded: string | undefined): string | undefined {
  if (encoded === undefined) return undefined
  return /^\s*server:\s*["']?([^\s"']+)/m.exec(Buffer.from(encoded, 'base64').toString())?.[1]
}
