import { run, type RunResult } from '../../../process/exec.ts'
import type { Command } from '../../backend.ts'

export interface ExecuteOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** Runs one program to its end. @throws CommandError */
export type Execute = (command: Command, options: ExecuteOptions) => Promise<RunResult>

export const execute: Execute = (command, options) =>
  run(command.file, command.args, { ...options, input: command.input })
