/** An act of an operator: it says what it will do and asks, and tells what came of it. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Dialog } from '../ui/dialog.tsx'
import { say } from '../ui/toast.tsx'
import { words } from '../words/console.ts'
import { Fault } from './service.ts'

export interface Saying {
  readonly title: string
  readonly does: string
  readonly go: string
}

export interface ActParts {
  readonly saying: Saying
  /** @returns what to say of it afterwards; null: it is seen elsewhere. @throws Fault */
  readonly act: () => Promise<string | null>
  readonly close: () => void
  /** What it is done to, and what else has to be said for it. */
  readonly children?: ComponentChildren
}

/** The question before an act. */
export const Act = ({ saying, act, close, children }: ActParts) => {
  const [fault, setFault] = useState('')
  const [isBusy, setBusy] = useState(false)
  const go = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    try {
      const done = await act()
      if (done !== null) say({ text: done })
      close()
    } catch (error) {
      setFault(error instanceof Fault ? error.message : String(error))
      setBusy(false)
    }
  }
  return (
    <Dialog title={saying.title} close={close}>
      <form onSubmit={go}>
        <p>{saying.does}</p>
        {children}
        {fault !== '' && (
          <p class="notice bad" role="alert">
            {fault}
          </p>
        )}
        <div class="row dialog-end">
          <button type="button" class="button" onClick={close}>
            {words.cancel}
          </button>
          <button type="submit" class="button main" disabled={isBusy}>
            {isBusy ? words.working : saying.go}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
