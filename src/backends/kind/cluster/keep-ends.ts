import { closeSync, openSync, readdirSync, readSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** The end of a log says why something failed; a node's journal and kubelet write megabytes before. */
const keptBytes = 128 * 1024

/** Cuts every file of a folder to its last lines, and says in it what is missing. */
export function keepEnds(folder: string, maxBytes = keptBytes): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    const { size } = statSync(file)
    if (size <= maxBytes) continue
    const end = lastBytes(file, size, maxBytes)
    const whole = end.subarray(end.indexOf(0x0a) + 1)
    writeFileSync(file, `(${size - whole.length} bytes before this are not kept)\n${whole.toString('utf8')}`)
  }
}

function lastBytes(file: string, size: number, count: number): Buffer {
  const buffer = Buffer.alloc(count)
  const descriptor = openSync(file, 'r')
  try {
    return buffer.subarray(0, readSync(descriptor, buffer, 0, count, size - count))
  } finally {
    closeSync(descriptor)
  }
}
