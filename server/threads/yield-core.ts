/** Work in a thread gives way to the event loop where both want the same core. */
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { basename } from 'node:path'

const NICENESS = 10

/** Lowers the priority of the calling thread alone, where the system has priorities of threads (Linux). */
export const yieldCore = (): void => {
  if (process.platform !== 'linux') return
  try {
    // <pid>/task/<tid>; on Linux a priority belongs to the thread that the id names.
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), NICENESS)
  } catch (error) {
    // Without /proc the thread runs as the others do.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
  }
}
