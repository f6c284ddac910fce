/** CPU time and memory of other processes, from Linux's /proc. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Whether this system tells of other processes what is asked here. */
export const canMeasure = process.platform === 'linux'

const ticksPerSecond = canMeasure ? Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) : 100

/** CPU milliseconds of a process and all its threads, user and system; null: not Linux, or no such process here. */
export const cpuMs = (pid: number): number | null => {
  const stat = readProc(pid, 'stat')
  if (stat === null) return null
  // The second field is a name in brackets that may itself hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond
}

/** Resident bytes of a process; null: not Linux, or no such process here. */
export const residentBytes = (pid: number): number | null => {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status') ?? '')
  return line === null ? null : Number(line[1]) * 1024
}

/** The short name of a process; null: not Linux, or no such process here. */
export const nameOf = (pid: number): string | null => readProc(pid, 'comm')?.trim() ?? null

const readProc = (pid: number, file: string): string | null => {
  if (!canMeasure) return null
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return null
    throw error
  }
}
