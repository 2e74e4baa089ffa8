import type { TestContext } from 'vitest'
import { labDoctor, type CheckName, type LabReport } from '../doctor.ts'

let report: Promise<LabReport> | undefined

/** Skips the test, saying why, where this machine cannot run it. */
export async function requires(context: TestContext, ...needs: readonly CheckName[]): Promise<void> {
  report ??= labDoctor()
  const { checks } = await report
  const missing = checks.find(({ name, ok }) => !ok && [...always, ...needs].includes(name))
  if (missing) context.skip(`${missing.name}: ${missing.detail}`)
}

/** Whether a lab can be stood up, for hooks, which cannot skip. */
export async function labReady(): Promise<boolean> {
  report ??= labDoctor()
  return (await report).checks.every(({ name, ok }) => ok || !always.includes(name))
}

const always: readonly CheckName[] = ['private namespaces', 'ip', 'nft', 'veth and bridge']

/** Skips the test unless it runs as real root, which it needs to become someone else. */
export function requiresRoot(context: TestContext): void {
  if (process.getuid?.() !== 0) context.skip('only root can start a process as another user')
}
