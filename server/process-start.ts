/** Tells a process from a later one that was given the same number. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * When process `pid` started, in words that only equal words mean the same; null where this system does not tell.
 * A process that has ended and was not collected by its parent yet counts as ended: 'ended'.
 */
export const startOf = (pid: number): string | null => {
  if (process.platform === 'linux') return startOnLinux(pid)
  if (process.platform === 'darwin') return startByPs(pid)
  return null
}

/** Whether a process of that number and that start runs. A start that is unknown on either side is not compared. */
export const isRunning = (pid: number, started: string | null): boolean => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it runs, as another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = startOf(pid)
  return now !== 'ended' && (started === null || now === null || now === started)
}

const startOnLinux = (pid: number): string | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is a name in brackets that may itself hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return 'ended'
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${fields[19]}`
  } catch {
    // Ended meanwhile, or /proc is hidden: the number alone has to do.
    return null
  }
}

const startByPs = (pid: number): string | null => {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null
  } catch {
    // ps fails when there is no such process.
    return null
  }
}
