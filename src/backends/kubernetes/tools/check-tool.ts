import { HopmeterError } from '../../../errors.ts'
import type { DoctorReport } from '../../backend.ts'
import { toolDoubt, toolProblem, toolRemedies, toolVersion } from './tool-versions.ts'
import type { Toolbox, ToolName } from './toolbox.ts'

/** One line of `doctor`. */
export type Check = DoctorReport['checks'][number]

export interface ToolCheck {
  readonly check: Check
  /** As the program says it; absent where it does not run. */
  readonly version?: string
}

/** Whether a program runs and is new enough. Never throws. */
export async function checkTool(tools: Toolbox, name: ToolName): Promise<ToolCheck> {
  try {
    const version = await toolVersion(tools, name)
    const problem = toolProblem(name, version)
    if (problem !== undefined)
      return { version, check: { name, ok: false, detail: problem, remedy: toolRemedies[name] } }
    return { version, check: { name, ok: true, detail: toolDoubt(name, version) ?? version } }
  } catch (error) {
    return { check: { ...failedCheck(name, error), remedy: toolRemedies[name] } }
  }
}

/** A check whose reason is an error. */
export function failedCheck(name: string, error: unknown): Check {
  const detail = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)
  const hint = error instanceof HopmeterError ? error.hint : undefined
  return { name, ok: false, detail, ...(hint === undefined ? {} : { remedy: hint }) }
}
