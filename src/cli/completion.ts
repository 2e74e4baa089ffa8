import { Argument, Command, type Option } from 'commander'
import { scenarioNames } from '../scenario/built-in.ts'
import { print, type CliContext } from './context.ts'

const shells = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof shells)[number]

/** `hopmeter completion`: a script for the shell, made from the command tree. */
export function completionVerb(context: CliContext, program: Command): Command {
  return new Command('completion')
    .summary('print a completion script for your shell')
    .description('Prints a script that completes verbs, options, their values and scenario names.')
    .addArgument(new Argument('<shell>', 'your shell').choices([...shells]))
    .addHelpText(
      'after',
      '\nExamples:\n  source <(hopmeter completion bash)\n  hopmeter completion zsh > "${fpath[1]}/_hopmeter"\n  hopmeter completion fish > ~/.config/fish/completions/hopmeter.fish',
    )
    .action(async (shell: Shell) => {
      print(context, scriptFor[shell](program, await scenarioNames()))
    })
}

const scriptFor: Readonly<Record<Shell, (program: Command, scenarios: readonly string[]) => string>> = {
  bash: bashScript,
  // zsh reads bash completions; one script to keep right instead of two.
  zsh: (program, scenarios) =>
    `#compdef hopmeter\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(program, scenarios)}`,
  fish: fishScript,
}

function bashScript(program: Command, scenarios: readonly string[]): string {
  const verbs = visible(program)
  const cases = verbs.map((verb) => {
    const words = [...flagsOf(verb), ...argumentWords(verb, scenarios)].join(' ')
    // A scenario may be a file of the user's.
    const files = verb.registeredArguments.some((argument) => argument.name() === 'scenario')
      ? ' files=yes'
      : ''
    return `    ${pathOf(verb)}) words='${words}'${files} ;;`
  })
  const parents = program.commands
    .filter((verb) => verb.commands.length > 0)
    .map(
      (verb) => `    ${verb.name()}) words='${verb.commands.map((sub) => sub.name()).join(' ')} --help' ;;`,
    )
  const values = verbs.flatMap((verb) =>
    documented(verb)
      .filter((option) => option.argChoices)
      .map(
        (option) =>
          `    '${pathOf(verb)} ${option.long}') words='${option.argChoices?.join(' ')}' files='' ;;`,
      ),
  )
  return `_hopmeter() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" verb="\${COMP_WORDS[1]}" words='' files=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${program.commands.map((c) => c.name()).join(' ')}' -- "$current"))
    return
  fi
  case "$verb \${COMP_WORDS[2]}" in
${program.commands.flatMap((c) => c.commands.map((sub) => `    '${c.name()} ${sub.name()}') verb='${c.name()}-${sub.name()}' ;;`)).join('\n')}
  esac
  case "$verb" in
${[...cases, ...parents].join('\n')}
  esac
  case "$verb $previous" in
${values.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ -n "$files" ]; then COMPREPLY+=($(compgen -f -X '!*.y*ml' -- "$current")); fi
}
complete -o filenames -F _hopmeter hopmeter`
}

function fishScript(program: Command, scenarios: readonly string[]): string {
  const quoted = (text: string) => `'${text.replaceAll("'", String.raw`\'`)}'`
  const lines = program.commands.map(
    (verb) => `complete -c hopmeter -n __fish_use_subcommand -a ${verb.name()} -d ${quoted(verb.summary())}`,
  )
  for (const verb of visible(program)) {
    const seen = `-n ${quoted(`__fish_seen_subcommand_from ${verb.name()}`)}`
    for (const option of documented(verb))
      lines.push(`complete -c hopmeter ${seen} ${fishOption(option, quoted)}`)
    const words = argumentWords(verb, scenarios)
    if (words.length > 0) lines.push(`complete -c hopmeter ${seen} -a ${quoted(words.join(' '))}`)
  }
  return lines.join('\n')
}

function fishOption(option: Option, quoted: (text: string) => string): string {
  const long = `-l ${option.long?.replace(/^--/, '')}`
  const short = option.short ? ` -s ${option.short.replace(/^-/, '')}` : ''
  const values = option.argChoices
    ? ` -x -a ${quoted(option.argChoices.join(' '))}`
    : option.required
      ? ' -r'
      : ''
  return `${long}${short}${values} -d ${quoted(option.description)}`
}

function visible(program: Command): readonly Command[] {
  return program.commands.flatMap((verb) => (verb.commands.length > 0 ? verb.commands : [verb]))
}

/** `run`, or `results-list` for a verb under a verb. */
function pathOf(verb: Command): string {
  const parent = verb.parent?.parent ? `${verb.parent.name()}-` : ''
  return parent + verb.name()
}

function documented(verb: Command): readonly Option[] {
  return verb.options.filter((option) => !option.hidden)
}

function flagsOf(verb: Command): string[] {
  return [...documented(verb).flatMap((option) => option.long ?? []), '--help']
}

function argumentWords(verb: Command, scenarios: readonly string[]): readonly string[] {
  return verb.registeredArguments.flatMap((argument) => {
    if (argument.name() === 'scenario') return scenarios
    return argument.name() === 'run' ? ['latest'] : (argument.argChoices ?? [])
  })
}
