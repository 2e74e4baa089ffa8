import { CommandError } from '../../../errors.ts'
import type { Check } from '../../kubernetes/tools/check-tool.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'

const name = 'privileged containers'
const tryTimeoutMs = 60_000

/**
 * Whether Docker starts what a node is: a privileged container. Tried with the node image, without a network, and not at
 * all before the image is here. Never throws.
 */
export async function privilegedChecks(tools: Toolbox, image: string): Promise<readonly Check[]> {
  const only = ['--rm', '--privileged', '--network', 'none', '--pull', 'never', '--entrypoint', 'true']
  try {
    await tools.call(tools.docker(['image', 'inspect', image]), { timeoutMs: tryTimeoutMs })
  } catch {
    return []
  }
  try {
    await tools.call(tools.docker(['run', ...only, image]), { timeoutMs: tryTimeoutMs })
    return [{ name, ok: true, detail: 'start' }]
  } catch (error) {
    const said = error instanceof CommandError ? error.output.trim() : ''
    const [last = String(error)] = said.split('\n').filter((line) => line !== '')
    const remedy =
      'nodes are privileged containers: let Docker start them (a rootless one may not be allowed to)'
    return [{ name, ok: false, detail: last, remedy }]
  }
}
