import type { BackendName, Command, Place } from './backend.ts'

/** What to run in a place, and how. */
export interface Visitor {
  readonly file: string
  readonly args: readonly string[]
  /** Folder that it is to start in. */
  readonly cwd: string
  /** Keep it off the CPU that the programs of the testbed share, where they share one. */
  readonly anyCpu?: boolean | undefined
}

/** A command that runs a program in a place. */
export interface EnterCommand extends Command {
  /** The program itself, by the process that the command started: what enters on its behalf may stay outside. */
  programOf(pid: number): number | undefined
}

/** A testbed that stands now, whoever holds it. */
export interface StandingTestbed {
  readonly backend: BackendName
  readonly scenario: string
  /** Process that holds it; undefined where it stands by itself. */
  readonly holder: number | undefined
  /** @throws HopmeterError when it does not answer. */
  places(signal: AbortSignal): Promise<readonly Place[]>
  /** @throws HopmeterError when this machine cannot enter it, with what can instead. */
  enter(place: Place, visitor: Visitor, signal: AbortSignal): Promise<EnterCommand>
}
