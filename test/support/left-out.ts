/** What a run leaves out, for the summary at its end. */
import { appendFileSync } from 'node:fs'

/** Says by name what is left out and why. */
export const leaveOut = (line: string): void => {
  const notes = process.env.SCRIPTORIUM_LEFT_OUT
  if (notes) appendFileSync(notes, `${line}\n`)
  else process.stdout.write(`left out: ${line}\n`)
}
