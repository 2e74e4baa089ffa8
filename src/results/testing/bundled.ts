import { fileURLToPath } from 'node:url'
import path from 'node:path'
import { build } from 'esbuild'

/** Bundles a test program into `directory` and returns its path: node starts it without a TypeScript loader. */
export async function bundled(entry: URL, directory: string): Promise<string> {
  const source = fileURLToPath(entry)
  const outfile = path.join(directory, `${path.basename(source, '.ts')}.mjs`)
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // CommonJS dependencies inside an ES module still call require() for built-in modules.
    banner: {
      js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  })
  return outfile
}
