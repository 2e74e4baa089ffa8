import type { Command } from '../../backend.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { RouteLine } from '../routes/node-routes.ts'
import { routeText, sameRoute } from '../routes/node-routes.ts'
import type { LoadBalancerParts } from './parts.ts'

/**
 * A program of the node image in the network of another container, which has none of its own to change routes with.
 * Without it answers to pod addresses, such as resets of connections that nobody translates any more, leave the network
 * of the nodes by the default route.
 */
function besideCommand(
  { tools, nodeImage }: LoadBalancerParts,
  container: string,
  program: readonly string[],
  input?: string,
): Command {
  const [file = '', ...args] = program
  return tools.docker(
    [
      ...['run', '--rm', '--interactive', '--network', `container:${container}`, '--user', '0'],
      ...['--cap-add', 'NET_ADMIN', '--entrypoint', file, nodeImage, ...args],
    ],
    input ?? '',
  )
}

/** Makes packets to pod addresses end in a container. */
export function refuseCommand(parts: LoadBalancerParts, container: string): Command {
  const lines = parts.podCidrs.map((dst) => `route replace ${routeText({ dst })}`)
  return besideCommand(parts, container, ['ip', '-batch', '-'], `${lines.join('\n')}\n`)
}

/** Whether they do. @throws CommandError */
export async function isRefused(
  parts: LoadBalancerParts,
  container: string,
  context: Pick<StepContext, 'signal'>,
): Promise<boolean> {
  const read = besideCommand(parts, container, ['ip', '-json', '-4', 'route', 'show'])
  const lines = await parts.tools.json<readonly RouteLine[]>(read, context)
  return parts.podCidrs.every((dst) => lines.some((line) => sameRoute({ dst }, line)))
}
