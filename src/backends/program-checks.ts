import type { DoctorReport } from './backend.ts'
import type { EngineName } from './lab/engines/engine-binary.ts'
import type { VariantFlags } from './lab/variant-options.ts'
import { run } from '../process/exec.ts'
import { defaultIstio } from './versions.ts'

type Check = DoctorReport['checks'][number]

/** Programs of others that the lab can use: those that were named, else those that are there. */
export async function programChecks(flags: VariantFlags, cacheRoot?: string): Promise<readonly Check[]> {
  const [{ engineBinary }, { allExtracted }, { labVariants }] = await Promise.all([
    import('./lab/engines/engine-binary.ts'),
    import('./istio/install/extracted.ts'),
    import('./lab/variant-options.ts'),
  ])
  const chosen = labVariants(flags)
  const choices = 'variants' in chosen ? chosen.variants : [chosen]
  const check = async (name: EngineName): Promise<readonly Check[]> => {
    const shown = `${name} (optional)`
    const named = [...new Set(choices.flatMap(({ engines }) => engines[name] ?? []))]
    const files = named.length === 0 && name === 'haproxy' ? ['haproxy'] : named
    if (files.length > 0) {
      return await Promise.all(
        files.map(async (file): Promise<Check> => {
          try {
            return { name: shown, ok: true, detail: (await engineBinary(name, file)).title }
          } catch (error) {
            const { message, hint } = error as Error & { readonly hint?: string }
            return { name: shown, ok: false, detail: message, remedy: hint }
          }
        }),
      )
    }
    const cached = allExtracted(cacheRoot).filter(({ program }) => program === name)
    return cached.length > 0
      ? [{ name: shown, ok: true, detail: cached.map((one) => one.path).join(', ') }]
      : [{ name: shown, ok: false, detail: 'none was extracted', remedy: await howToExtract() }]
  }
  return (await Promise.all((['ztunnel', 'envoy', 'haproxy'] as const).map(check))).flat()
}

async function howToExtract(): Promise<string> {
  const extract = `hopmeter tools extract --istio ${defaultIstio} copies it out of Istio's image`
  try {
    await run('docker', ['version', '--format', '{{.Server.Version}}'], { timeoutMs: 10_000 })
    return extract
  } catch {
    return `${extract}, with a Docker that answers: apt-get install --yes docker.io (as root), systemctl start docker`
  }
}
