import { existsSync, readFileSync } from 'node:fs'
import { CommandError } from '../../../errors.ts'
import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import type { SecretObject } from '../../kubernetes/cluster/objects.ts'
import type { SerialQueue } from '../../kubernetes/steps/serial-queue.ts'
import type { KubeStep, StepContext } from '../../kubernetes/steps/step.ts'
import { systemNamespace } from '../../../plan/names.ts'
import { readRemoteSecrets, remoteServer } from '../read/remote-secrets.ts'

/** On a remote secret that was replaced by one with other content, until istiod was started anew. */
export const replacedAnnotation = 'hopmeter.dev/replaced'

/**
 * Lets the istiod of `to` read the API of `of`, by the address that its node has on the network between the nodes:
 * the kubeconfig of the user's side names 127.0.0.1, which inside of a pod is the pod.
 * @param inTurn of all steps for `of`: two `istioctl create-remote-secret` for one cluster both find that its token is
 * missing, and the second fails because the first has made it.
 */
export function remoteSecretStep(of: Cluster, to: Cluster, inTurn: SerialQueue): KubeStep {
  const create = (address: string) =>
    of.istioctl(['create-remote-secret', '--name', of.name, '--server', `https://${address}:6443`])
  const server = async (context: StepContext) => (await of.facts(context)).nodes[0]?.address ?? ''
  const name = `istio-remote-secret-${of.name}`
  const find = (context: StepContext) =>
    to.find<SecretObject>(['secret', name], { namespace: systemNamespace }, context)
  const annotate = ['--namespace', systemNamespace, 'annotate', 'secret', name, '--overwrite']
  const mark = to.kubectl([...annotate, `${replacedAnnotation}=true`])
  return {
    name: `let ${to.name} see ${of.name}`,
    commands: [create('ADDRESS-OF-CONTROL-PLANE'), to.applyCommand('OUTPUT-OF-THE-COMMAND-BEFORE')],
    isDone: async (context) => {
      const secret = await find(context)
      const encoded = secret?.data?.[of.name]
      const isOfThisCluster = sameAuthority(encoded, of.kubeconfig)
      return isOfThisCluster && remoteServer(encoded) === `https://${await server(context)}:6443`
    },
    run: async (context) => {
      const command = create(await server(context))
      const secret = await inTurn(() =>
        askOnceMore(() => of.call(command, { ...context, timeoutMs: 120_000 })),
      )
      // Before the change, so that no stop in between leaves one that nobody knows of.
      if (await find(context)) await to.call(mark, context)
      await to.apply(secret, context)
    },
  }
}

/** Names of the remote secrets of a cluster that were replaced since its istiod was started. */
export async function replacedSecrets(cluster: Cluster, context: StepContext): Promise<readonly string[]> {
  return (await readRemoteSecrets(cluster, context))
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
