/** More path names than any scenario has; a stray client must not grow our memory. */
const maxPaths = 10_000

/** What the server tells about itself. */
export class ServerStats {
  readonly #served = new Map<string, number>()
  readonly #open = new Map<string, number>()
  readonly #peers = new Set<string>()

  /** One complete response to a request that named `path`. */
  countServed(path: string): void {
    if (path === '') return
    const before = this.#served.get(path)
    if (before !== undefined || this.#served.size < maxPaths) this.#served.set(path, (before ?? 0) + 1)
  }

  connected(address: string): void {
    this.#open.set(address, (this.#open.get(address) ?? 0) + 1)
    if (this.#peers.size < maxPaths) this.#peers.add(address)
  }

  disconnected(address: string): void {
    const left = (this.#open.get(address) ?? 0) - 1
    if (left > 0) this.#open.set(address, left)
    else this.#open.delete(address)
  }

  /** Takes a reading; `peers` starts anew with whoever is connected. */
  take(): { served: Record<string, number>; connections: number; peers: string[] } {
    const connections = [...this.#open.values()].reduce((sum, count) => sum + count, 0)
    const peers = [...this.#peers]
    this.#peers.clear()
    for (const address of this.#open.keys()) this.#peers.add(address)
    return { served: Object.fromEntries(this.#served), connections, peers }
  }
}
