export interface Import {
  readonly from: string
  /** A file of this project, or the name of a package. */
  readonly to: string
}

/** Files that reach themselves, with those that they reach on the way back. */
export function circlesAmong(nodes: readonly string[], arrows: readonly Import[]): string[][] {
  const next = new Map(nodes.map((file) => [file, arrows.filter(({ from }) => from === file)]))
  const reached = new Map(nodes.map((file) => [file, reachedFrom(file)]))
  function reachedFrom(start: string): ReadonlySet<string> {
    const seen = new Set<string>()
    const open = [start]
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      for (const { to } of next.get(file) ?? []) {
        if (!seen.has(to)) open.push(to)
        seen.add(to)
      }
    }
    return seen
  }
  const circles = nodes
    .filter((file) => reached.get(file)?.has(file))
    .map((file) => nodes.filter((other) => reached.get(file)?.has(other) && reached.get(other)?.has(file)))
  return [...new Map(circles.map((circle) => [circle.join(' '), circle])).values()]
}
