/** What waits until the page in view can be written on, so that it takes nothing from that on a slow line. */

/** Where nothing comes to be written on (a link that ended), it waits no longer than this. */
const PATIENCE_MS = 5000

type Task = () => unknown

/** null: nothing waits any more. */
let waiting: Task[] | null = []

/** Does `task` once the page can be written on; at once when it can already. */
export const afterwards = (task: Task): void => {
  if (waiting === null) task()
  else waiting.push(task)
}

const begin = (): void => {
  const tasks = waiting ?? []
  waiting = null
  for (const task of tasks) task()
}

/** Says that the page can be written on. */
export const usable = (): void => {
  if (waiting === null) return
  performance.mark('usable')
  // It is painted first.
  setTimeout(begin)
}

/** Does what waits though there may be nothing to write on. @param afterMs in how long */
export const waitNoLonger = (afterMs = PATIENCE_MS): void => {
  setTimeout(begin, afterMs)
}
