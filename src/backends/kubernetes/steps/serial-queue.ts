export type SerialQueue = <T>(task: () => Promise<T>) => Promise<T>

/** Runs the tasks that it is given one after the other; a task that fails does not keep the next from running. */
export function serialQueue(): SerialQueue {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const own = last.then(task)
    last = own.catch(() => {})
    return own
  }
}
