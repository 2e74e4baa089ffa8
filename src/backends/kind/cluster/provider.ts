import { UsageError } from '../../../errors.ts'

const variable = 'KIND_EXPERIMENTAL_PROVIDER'

/**
 * Why kind is asked to make its nodes elsewhere than in Docker, or undefined. hopmeter finds and removes them with
 * docker, so both have to mean the same daemon.
 */
export function providerProblem(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const wanted = env[variable] ?? ''
  if (wanted === '' || wanted === 'docker') return undefined
  return `${variable} asks for ${JSON.stringify(wanted)}, and hopmeter makes kind clusters in Docker only`
}

export const providerRemedy = `unset ${variable} and let docker reach a Docker daemon, or --backend contexts with clusters that you made`

/** @throws UsageError when the user asks kind for another provider. */
export function checkProvider(env?: NodeJS.ProcessEnv): void {
  const problem = providerProblem(env)
  if (problem !== undefined) throw new UsageError(problem, { hint: providerRemedy })
}

/** The network of Docker's on which kind puts nodes; kind has a variable for it. */
export function kindNetwork(env: NodeJS.ProcessEnv = process.env): string {
  return env['KIND_EXPERIMENTAL_DOCKER_NETWORK'] || 'kind'
}
