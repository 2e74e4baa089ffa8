// Connections that the fake mesh carried: one line when each opens and closes, and bytes while it lasts.
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import path from 'node:path'

let opened = 0
const slotBytes = 16

function append(folder, event) {
  appendFileSync(path.join(folder, 'traffic.ndjson'), `${JSON.stringify(event)}\n`)
}

function counters(folder, pid) {
  return path.join(folder, `bytes-${pid}`)
}

/** Ephemeral ports differ between connections, so that they can be told apart. */
function nextPort() {
  return 32768 + ((process.pid * 97 + opened) % 28000)
}

export function openRecord(folder, route) {
  const port = nextPort()
  const slot = opened++
  const record = { id: `${process.pid}-${slot}`, pid: process.pid, slot, ms: Date.now(), port, ...route }
  append(folder, { event: 'open', ...record })
  return record
}

export function closeRecord(folder, { id }, up, down) {
  append(folder, { event: 'close', id, ms: Date.now(), up, down })
}

/** Bytes of connections of this process, readable by others at any time. */
export class ByteCounters {
  #file
  #slot = Buffer.alloc(slotBytes)

  constructor(folder) {
    this.#file = openSync(counters(folder, process.pid), 'w')
  }

  write({ slot }, up, down) {
    this.#slot.writeDoubleLE(up, 0)
    this.#slot.writeDoubleLE(down, 8)
    writeSync(this.#file, this.#slot, 0, slotBytes, slot * slotBytes)
  }

  close() {
    closeSync(this.#file)
  }
}

/** All connections so far; `closedMs` is absent while one is open. */
export function connections(folder) {
  const file = path.join(folder, 'traffic.ndjson')
  if (!existsSync(file)) return []
  const found = new Map()
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue
    const { event, ...rest } = JSON.parse(line)
    if (event === 'open') found.set(rest.id, { up: 0, down: 0, ...rest })
    else Object.assign(found.get(rest.id), { closedMs: rest.ms, up: rest.up, down: rest.down })
  }
  const files = new Map()
  for (const own of found.values()) {
    if (own.closedMs !== undefined) continue
    const name = counters(folder, own.pid)
    if (!files.has(own.pid)) files.set(own.pid, existsSync(name) ? readFileSync(name) : Buffer.alloc(0))
    const bytes = files.get(own.pid)
    if (bytes.length < (own.slot + 1) * slotBytes) continue
    own.up = bytes.readDoubleLE(own.slot * slotBytes)
    own.down = bytes.readDoubleLE(own.slot * slotBytes + 8)
  }
  return [...found.values()]
}
