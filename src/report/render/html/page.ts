import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { EnvironmentError } from '../../../errors.ts'
import type { ChartSpec } from '../../charts/kinds.ts'
import type { Markup } from './markup.ts'
import { embeddedJson, safe, trusted } from './markup.ts'
import { reportStyle } from './style.ts'

export interface Page {
  readonly title: string
  readonly sections: readonly { readonly id: string; readonly heading: string; readonly body: Markup }[]
  /** In the order of their placeholders; empty for a page without charts. */
  readonly charts: readonly ChartSpec[]
  readonly footer: string
}

/**
 * One self-contained HTML page: no request leaves it. Its content policy allows exactly its own style and script, by
 * hash, so that nothing in a result can run.
 * @throws EnvironmentError when the package was not built.
 */
export function renderPage({ title, sections, charts, footer }: Page): string {
  const script = pageScript()
  const policy = [
    "default-src 'none'",
    `script-src '${sha256(script)}'`,
    `style-src '${sha256(reportStyle)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  const body = safe`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <style>${trusted(reportStyle)}</style>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
          <h1>${title}</h1>
          <button type="button" id="theme" class="theme">Light or dark</button>
        </header>
        <main id="main">
          <nav aria-label="Contents">
            <ul>
              ${sections.map(({ id, heading }) => safe`<li><a href="#${id}">${heading}</a></li>`)}
            </ul>
          </nav>
          <noscript><p class="notice">Charts need JavaScript. The tables hold the same numbers.</p></noscript>
          ${sections.map(
            ({ id, heading, body: part }) =>
              safe`<section aria-labelledby="${id}">
                <h2 id="${id}">${heading}</h2>
                ${part}
              </section> `,
          )}
        </main>
        <footer>${footer}</footer>
        <script type="application/json" id="charts">${trusted(embeddedJson(charts))}</script>
        <script>${trusted(script)}</script>
      </body>
    </html> `
  return body.markup
}

/** A placeholder that the page's script fills with chart number `index`. `label` is what a screen reader says. */
export function figure(index: number, label: string, caption: string): Markup {
  return safe`<figure>
    <div class="card">
      <div class="scroll" role="region" aria-label="${label}" tabindex="0">
        <div class="chart" data-chart="${index}" data-label="${label}"></div>
      </div>
      <div class="legend" role="group" aria-label="Series of the ${label}" hidden></div>
    </div>
    <figcaption>${caption}</figcaption>
  </figure>`
}

function sha256(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

let script: string | undefined

function pageScript(): string {
  const file = new URL('../../../../dist/report-page.js', import.meta.url)
  try {
    // A browser would end the script element at the first "</script", wherever it stands.
    script ??= readFileSync(file, 'utf8').replaceAll('</script', '<\\/script')
  } catch (cause) {
    throw new EnvironmentError('the script of report pages is missing', { cause, hint: 'npm run build' })
  }
  return script
}
