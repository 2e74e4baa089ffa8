// The first lines of the installed command: a shell looks whether outputs are open before Node puts /dev/null there.
import { readFileSync, writeFileSync } from 'node:fs'

const closed = (what) => `Error: ${what} is closed, so there is nowhere to print to`
const next = '  next: leave it open, or say > /dev/null'

/** A line that JavaScript takes for a string and a comment, and a shell for commands that end in Node. */
const line = [
  `':' //`,
  `{ { true; } 3>&1; } 2>/dev/null || { printf '%s\\n' '${closed('standard output')}' '${next}' >&2; exit 1; }`,
  `{ true; } 3>&2 || { printf '%s\\n' '${closed('standard error')}' '${next.replace('>', '2>')}'; exit 1; }`,
  // See src/cli/closed-output.ts.
  `export HOPMETER_OUTPUTS=open`,
  `exec node "$0" "$@"`,
].join('; ')

/** Makes a module of ours start by way of a shell; `node FILE` goes on as before. */
export function launchByShell(file) {
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, `#!/bin/sh\n${line}\n${text.replace(/^#!.*\n/, '')}`)
}
