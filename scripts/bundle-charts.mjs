// Bundles chartjs-node-canvas with the vendored canvas package: npm overrides do not reach a package's users, so a
// plain dependency would install node-canvas there, which needs a compiler.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { buildWhole } from './write-whole.mjs'

// The original reloads "canvas" by a name that a bundler cannot see.
const boundCanvas = {
  name: 'bound-canvas',
  setup(bundler) {
    bundler.onLoad({ filter: /freshRequire\.js$/ }, () => ({
      contents:
        "const canvas = require('canvas'); exports.freshRequire = (name) => name === 'canvas' ? canvas : require(name)",
    }))
  },
}

/** Writes `dist/chart-renderer.cjs`; Chart.js and the Skia binaries stay ordinary dependencies. */
export async function bundleChartRenderer(root) {
  const license = readFileSync(path.join(root, 'node_modules/chartjs-node-canvas/LICENSE'), 'utf8')
  await buildWhole({
    stdin: {
      contents:
        "exports.ChartJSNodeCanvas = require('chartjs-node-canvas').ChartJSNodeCanvas; exports.createCanvas = require('canvas').createCanvas",
      resolveDir: root,
    },
    outfile: path.join(root, 'dist/chart-renderer.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['@napi-rs/canvas', 'chart.js'],
    plugins: [boundCanvas],
    banner: { js: `/* Contains chartjs-node-canvas.\n${license}*/` },
    logLevel: 'warning',
  })
}

/** Writes `dist/report-page.js`: Chart.js, the charts and the script of report pages, to be put into each of them. */
export async function bundleReportPage(root) {
  await buildWhole({
    entryPoints: [path.join(root, 'src/report/render/html/browser.ts')],
    outfile: path.join(root, 'dist/report-page.js'),
    bundle: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    minify: true,
    legalComments: 'inline',
    logLevel: 'warning',
  })
}
