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
    ['ztunnel', programName(flags.ztunnel)],
    ['envoy', programName(flags.envoy)],
    ['haproxy', programName(flags.haproxy)],
    ['istio', flags.istio],
    ['istio-hub', flags.istioHub],
    ['istio-tag', flags.istioTag],
    ['istio-set', flags.istioSet?.join('\n')],
    ['gateway-api', shareable(flags.gatewayApi)],
    ['node-image', flags.nodeImage],
    ['agent-image', flags.agentImage],
    ['lb-image', flags.lbImage],
    ['resources', flags.resources === 'trimmed' ? undefined : flags.resources],
  ]
  return Object.fromEntries(
    asked.flatMap(([flag, value]) => (value === undefined || value === '' ? [] : [[flag, value]])),
  )
}

/** A name that is looked for where programs are, or a placeholder for a file; facts of a result have the version. */
function programName(program: string | undefined): string | undefined {
  return program?.includes('/') ? localFile : program
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
