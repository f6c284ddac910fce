/** A page that is there and was worked on since: servers that keep a log fold it after some keystrokes. */
import type { Member } from './member.ts'
import type { Writer } from './typing.ts'
import { sleep, until } from './until.ts'

/** Typed one by one after the page came. */
export const KEYSTROKES = 300
/** Then nobody does anything for so long. */
export const CALM_MS = 2000

/** Sends the edits from `from` up to, not including, `to`, each once the one before is saved where that is told. */
export const typeOneByOne = async (member: Member, { frames }: Writer, from: number, to: number): Promise<void> => {
  for (let edit = from; edit < to; edit++) {
    member.send(frames.at(edit), performance.now())
    await sleep(1)
    await until(
      () => member.unsaved === 0,
      () => null,
      () => 'a keystroke is not acknowledged',
    )
  }
}

/** All that was typed, as updates. */
export const updatesOf = ({ frames, edits }: Writer): Uint8Array[] =>
  Array.from({ length: edits }, (_, edit) => frames.update(edit))
