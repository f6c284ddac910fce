/** Binds a text area to a Y.Text: local input as the smallest edit, remote edits without moving the caret. */
import type * as Y from 'yjs'
import { difference, moveCaret, moveCharacter, type Step } from './difference.ts'

/** A text area turns CR LF into one LF; one character for one character, so that places stay comparable. */
const showable = (text: string): string => text.replaceAll('\r', ' ')

/**
 * Keeps `area` and `text` equal.
 * @param origin of the transactions in which local input is written
 * @returns how to end that
 */
export const bindTextarea = (area: HTMLTextAreaElement, text: Y.Text, origin: object): (() => void) => {
  const listening = new AbortController()
  let shown = showable(text.toString())
  /** Remote edits that wait for an input method to finish. */
  let waiting: Step[][] = []
  let composing = false

  const show = (deltas: readonly (readonly Step[])[]) => {
    const { selectionStart, selectionEnd, selectionDirection, scrollTop } = area
    const move = (place: number) => deltas.reduce(moveCaret, place)
    shown = showable(text.toString())
    area.value = shown
    area.setSelectionRange(move(selectionStart), move(selectionEnd), selectionDirection)
    area.scrollTop = scrollTop
  }

  const take = () => {
    const edit = difference(shown, area.value, area.selectionEnd)
    const missed = waiting
    waiting = []
    shown = area.value
    if (edit !== null) {
      text.doc?.transact(() => {
        for (let index = edit.at + edit.removed - 1; missed.length > 0 && index >= edit.at; index--) {
          const place = missed.reduce<number | null>(
            (at, delta) => (at === null ? null : moveCharacter(at, delta)),
            index,
          )
          if (place !== null) text.delete(place, 1)
        }
        const at = missed.reduce(moveCaret, edit.at)
        if (missed.length === 0) text.delete(at, edit.removed)
        text.insert(at, edit.inserted)
      }, origin)
    }
    if (missed.length > 0) show(missed)
  }

  const observe = (event: Y.YTextEvent, transaction: Y.Transaction) => {
    if (transaction.origin === origin) return
    const delta = event.delta as Step[]
    if (composing) waiting.push(delta)
    else show([delta])
  }

  const on = (name: string, task: () => void) => area.addEventListener(name, task, { signal: listening.signal })
  on('compositionstart', () => {
    composing = true
  })
  on('compositionend', () => {
    composing = false
    take()
  })
  on('input', () => {
    if (!composing) take()
  })
  text.observe(observe)
  area.value = shown
  return () => {
    listening.abort()
    text.unobserve(observe)
  }
}
