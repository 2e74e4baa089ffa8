import { themes } from '../../charts/theme.ts'
import type { Theme } from '../../charts/theme.ts'

function variables(theme: Theme): string {
  const { background, surface, text, muted, grid, axis, accent, good, bad } = theme
  const link = theme.name === 'light' ? '#00568a' : '#7cc4f5'
  return `--bg:${background};--surface:${surface};--text:${text};--muted:${muted};--line:${grid};--strong-line:${axis};--accent:${accent};--good:${good};--bad:${bad};--link:${link};color-scheme:${theme.name};`
}

/** The whole style sheet of a report. Colours follow the system unless the reader chose a theme. */
export const reportStyle = `
:root{${variables(themes.light)}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${variables(themes.dark)}}}
:root[data-theme=dark]{${variables(themes.dark)}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main,header,footer{max-width:1120px;margin:0 auto;padding:0 20px}
header{padding-top:28px;display:flex;flex-wrap:wrap;gap:12px;align-items:start;justify-content:space-between}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .3em;overflow-wrap:anywhere}
h2{font-size:1.3rem;margin:2em 0 .5em;line-height:1.25;overflow-wrap:anywhere}
h3{font-size:1.05rem;margin:1.6em 0 .4em;overflow-wrap:anywhere}
p,ul{max-width:75ch}
li{margin:.25em 0}
a{color:var(--link)}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 16px;padding:0;margin:.8em 0;max-width:none}
button{font:inherit;color:var(--text);background:var(--surface);border:1px solid var(--strong-line);border-radius:6px;padding:4px 12px;cursor:pointer}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.scroll{overflow-x:auto;margin:.8em 0;max-width:100%}
table{border-collapse:collapse;width:100%;font-size:.92rem}
caption{text-align:left;color:var(--muted);padding:.2em 0 .4em}
th,td{text-align:left;padding:6px 12px;border-bottom:1px solid var(--line);vertical-align:top}
thead th{border-bottom:2px solid var(--strong-line);white-space:nowrap}
td:not(.number){min-width:7.5em}
tbody th{font-weight:600;overflow-wrap:anywhere;min-width:8em}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
thead th button{all:unset;cursor:pointer;font-weight:600}
thead th button:focus-visible{outline:3px solid var(--link);outline-offset:2px}
thead th[aria-sort=ascending] button::after{content:" ▲"}
thead th[aria-sort=descending] button::after{content:" ▼"}
.verdict-slower,.verdict-mismatch{color:var(--bad);font-weight:600}
.verdict-faster,.verdict-proven{color:var(--good);font-weight:600}
.verdict-same,.verdict-cannot-tell,.verdict-unproven{color:var(--muted);font-weight:600}
figure{margin:1em 0}
.card{border:1px solid var(--line);border-radius:8px}
.card .scroll{margin:0;border-radius:8px}
.legend{display:flex;flex-wrap:wrap;gap:6px;padding:0 26px 14px}
.legend[hidden]{display:none}
.legend button{display:inline-flex;align-items:center;gap:8px;min-height:32px;max-width:100%;padding:2px 10px;font-size:.9rem;text-align:left;background:none;border-color:var(--line);overflow-wrap:anywhere}
.legend button:hover{border-color:var(--strong-line)}
.legend button[aria-pressed=false]{color:var(--muted);text-decoration:line-through}
.legend button[aria-pressed=false] canvas{opacity:.35}
.legend canvas{flex:none;width:28px;height:14px}
.chart{min-width:680px;min-height:380px}
figcaption{color:var(--muted);font-size:.92rem;margin-top:.4em;max-width:90ch}
details{border:1px solid var(--line);border-radius:8px;padding:.5em 1em;margin:.6em 0}
summary{cursor:pointer;font-weight:600;overflow-wrap:anywhere}
pre{background:var(--surface);padding:.8em 1em;border-radius:8px;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}
code{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;font-size:.92em;overflow-wrap:anywhere}
.notice{border-left:4px solid var(--bad);background:var(--surface);padding:.6em 1em;max-width:none}
.none{color:var(--muted)}
.answer{font-size:1.2rem;font-weight:600;line-height:1.4}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;max-width:90ch}
dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}
footer{color:var(--muted);padding-top:2em;padding-bottom:3em;font-size:.9rem}
.skip{position:absolute;left:-10000px}.skip:focus{left:8px;top:8px;background:var(--bg);padding:6px 10px;z-index:1}
@media (max-width:640px){.legend{padding:0 14px 12px}main,header,footer{padding-left:14px;padding-right:14px}h1{font-size:1.4rem}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5em}}
@media screen and (max-width:640px){.scroll{overflow-x:visible}.chart{min-width:0;min-height:0}table,caption,tbody,tr,tbody th,td{display:block;min-width:0}thead{display:none}tr{padding:.4em 0;border-bottom:1px solid var(--line)}th,td,td:not(.number){padding:1px 0;border:0;min-width:0}td{display:flex;gap:12px;justify-content:space-between;overflow-wrap:anywhere}td>span{min-width:0;text-align:right}.number{white-space:normal}td::before{content:attr(data-heading);color:var(--muted);flex:none;max-width:50%}}
@media print{body{font-size:11pt}nav,button.theme,.skip{display:none}main,header,footer{max-width:none;padding:0}h2,h3{break-after:avoid}figure,tr{break-inside:avoid}.scroll{overflow:visible}.chart{min-width:0}.chart canvas{max-width:100%}details{border:0;padding:0}.legend button{border:0;padding:0 14px 0 0}}
`
