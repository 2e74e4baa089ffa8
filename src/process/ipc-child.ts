import { spawn, type ChildProcess } from 'node:child_process'

/** A program that we exchange messages and sockets with. */
export type IpcChild = ChildProcess

/**
 * Starts a program with a channel that carries messages and sockets (`process.send` of Node on the other side). It has
 * our environment, writes errors to our standard error, and is told by the end of the channel that we are gone.
 */
export function startIpcChild(file: string, args: readonly string[]): IpcChild {
  return spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
}
