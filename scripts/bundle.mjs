// Bundles the programs that run inside workloads into one file each: nothing to install there, and a fast start.
import { fileURLToPath } from 'node:url'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { bundleChartRenderer, bundleReportPage } from './bundle-charts.mjs'
import { buildWhole } from './write-whole.mjs'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')

const programs = [
  { entry: 'src/agent/main.ts', out: 'dist/agent.mjs' },
  { entry: 'src/backends/lab/components/main.ts', out: 'dist/lab-component.mjs' },
  { entry: 'src/backends/lab/delay/relay-main.ts', out: 'dist/lab-delay-relay.mjs' },
  {
    entry: 'src/backends/lab/engines/ztunnel/companion-main.ts',
    out: 'dist/lab-ztunnel-companion.mjs',
    // Has a native library beside it.
    external: ['koffi'],
  },
]

/** Writes every bundle whose entry exists. */
export async function bundle() {
  for (const { entry, out, external = [] } of programs) {
    if (!existsSync(path.join(root, entry))) continue
    await buildWhole({
      entryPoints: [path.join(root, entry)],
      outfile: path.join(root, out),
      bundle: true,
      external,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      minifySyntax: true,
      // A ConfigMap holds at most 1 MiB, and the agent brings autocannon along.
      minifyWhitespace: true,
      // CommonJS dependencies inside an ES module still call require() for built-in modules.
      banner: {
        js: "import { createRequire as hopmeterRequire } from 'node:module';const require = hopmeterRequire(import.meta.url);",
      },
      logLevel: 'warning',
    })
  }
  await bundleChartRenderer(root)
  await bundleReportPage(root)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle()
