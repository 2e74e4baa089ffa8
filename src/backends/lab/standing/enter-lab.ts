import type { Place } from '../../backend.ts'
import type { EnterCommand, Visitor } from '../../standing.ts'
import { enterArgs } from '../anchor.ts'
import { onlyChild } from '../child-process.ts'
import type { LabRecord } from './record.ts'

/**
 * What Ctrl-C sends goes to the whole foreground of a terminal. nsenter would end at once, while the program inside,
 * which it stands for, may have a last word to say (tcpdump counts packets). So whatever stands between us and the
 * program ignores these, and the program itself takes them as ever.
 */
const signals = 'INT,QUIT,TERM,HUP'

/** A shell tells apart what ended a program: nsenter that ignores a signal cannot end by it. */
const endingOf = '"$@"; exit "$?"'

/** Folders that the lab has of its own. */
const hidden = /^\/(?:run|proc)(?:\/|$)/

/** The command that runs a program of the host in a network namespace of a lab. It ends with the lab at the latest. */
export function enterLab(
  { anchor, isolation, cpu }: Pick<LabRecord, 'anchor' | 'isolation' | 'cpu'>,
  place: Place,
  { file, args, cwd, anyCpu }: Visitor,
): EnterCommand {
  const entered = ['nsenter', ...enterArgs(isolation, anchor.pid, place.name)]
  const pinned = cpu === null || anyCpu ? [] : ['taskset', '--cpu-list', String(cpu)]
  // Nothing is left running when what stands for it outside is killed.
  const dying = ['setpriv', '--pdeathsig', 'KILL', '--']
  const folder = hidden.test(cwd) ? [] : [`--chdir=${cwd}`]
  return {
    file: 'env',
    args: [
      ...[`--ignore-signal=${signals}`, '--', ...entered, ...pinned, ...dying, 'sh', '-c', endingOf, 'sh'],
      ...['env', `--default-signal=${signals}`, ...folder, '--', ...dying, file, ...args],
    ],
    programOf: (pid) => {
      const shell = onlyChild(pid)
      return shell === undefined ? undefined : onlyChild(shell)
    },
  }
}
