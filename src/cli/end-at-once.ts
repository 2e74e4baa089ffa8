import { InterruptedError } from '../errors.ts'
import type { StopSignal } from './context.ts'

/**
 * Ends this process now, with the exit code of an interruption. process.exit waits for file system calls under way,
 * and some never return: reading a pipe that nobody writes. Then the signal itself ends the process, which a shell
 * shows as the same code.
 */
export function endAtOnce(signal: StopSignal): void {
  const { exitCode } = new InterruptedError(signal)
  if (process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'))) {
    const fatal = signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM'
    process.emit('exit', exitCode)
    process.removeAllListeners('exit')
    process.removeAllListeners(fatal)
    process.kill(process.pid, fatal)
  }
  // Also where signals do nothing by themselves: for the first process of a container.
  process.exit(exitCode)
}
