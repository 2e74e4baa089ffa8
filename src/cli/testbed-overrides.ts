import { shownVariant } from '../backends/registry.ts'
import type { KubernetesFlags } from './backends.ts'

/** Instead of the name of a file on somebody's machine. */
const localFile = 'FILE'

/**
 * What a user asked of a testbed, by the names of flags, for results to keep. Contexts, kubeconfigs and
 * local files are the user's own: results do not name them.
 */
export function testbedOverrides(flags: KubernetesFlags): Record<string, string> {
  const asked: readonly (readonly [flag: string, value: string | undefined])[] = [
    ['cpus', flags.cpus],
    ['ztunnel', programNames(flags.ztunnel)],
    ['envoy', programNames(flags.envoy)],
    ['haproxy', programNames(flags.haproxy)],
    ['variant', flags.variant?.map((text) => shownVariant(text)).join('\n')],
    ['istio', lines(flags.istio)],
    ['istio-hub', lines(flags.istioHub)],
    ['istio-tag', lines(flags.istioTag)],
    ['istio-set', flags.istioSet?.join('\n')],
    ['gateway-api', shareable(flags.gatewayApi)],
    ['node-image', flags.nodeImage],
    ['agent-image', flags.agentImage],
    ['lb-image', flags.lbImage],
    ['quiet-control-plane', flags.quietControlPlane],
    ['resources', flags.resources === 'trimmed' ? undefined : flags.resources],
  ]
  return Object.fromEntries(
    asked.flatMap(([flag, value]) => (value === undefined || value === '' ? [] : [[flag, value]])),
  )
}

/** A flag that can be given more than once has a line for each time. */
function lines(values: string | readonly string[] | undefined): string | undefined {
  return values === undefined ? undefined : [values].flat().join('\n')
}

/** Names that are looked for where programs are, or placeholders for files; facts of a result have the versions. */
function programNames(programs: readonly string[] | undefined): string | undefined {
  return programs?.map((text) => text.replace(/^((?:[a-z0-9-]+=)?).*\/.*$/s, `$1${localFile}`)).join('\n')
}

/** An address without what only its owner should know, or a placeholder for a file. */
function shareable(source: string | undefined): string | undefined {
  if (source === undefined) return undefined
  if (!/^https?:/.test(source) || !URL.canParse(source)) return localFile
  const url = new URL(source)
  url.username = ''
  url.password = ''
  url.search = ''
  return url.href
}
