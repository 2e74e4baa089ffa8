import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { makeFolder } from '../make-folder.ts'
import { stateHome } from '../xdg.ts'
import type { RunHeader } from '../results/schema.ts'
import { describeEnvironment, environmentHash } from '../results/fingerprint.ts'
import type { Calibration } from './calibrate.ts'

function calibrationFile(): string {
  return path.join(stateHome(), 'calibration.json')
}

/** Remembers a calibration of this machine; returns the file. @throws EnvironmentError when its folder cannot be made. */
export async function saveCalibration(calibration: Calibration): Promise<string> {
  const file = calibrationFile()
  makeFolder(path.dirname(file), 0o700)
  const temporary = `${file}.${process.pid}`
  await writeFile(temporary, `${JSON.stringify(calibration, null, 2)}\n`, { mode: 0o600 })
  await rename(temporary, file)
  return file
}

/** The last calibration, if it was made on this machine as it is now; undefined otherwise. */
export async function calibrationForRun(): Promise<RunHeader['calibration']> {
  let calibration: Calibration
  try {
    calibration = JSON.parse(await readFile(calibrationFile(), 'utf8')) as Calibration
  } catch {
    return undefined
  }
  if (calibration.environmentHash !== environmentHash(await describeEnvironment())) return undefined
  const checks = calibration.checks.map(({ name, measuredUs, limit, passed }) => ({
    name,
    measuredUs,
    limit,
    passed,
  }))
  return { at: calibration.at, passed: calibration.passed, checks }
}
