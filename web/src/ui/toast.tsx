/** Short words at the lower edge that go by themselves, heard by screen readers too. */
import { useEffect, useState } from 'preact/hooks'

export interface Toast {
  readonly text: string
  /** What can be done about it. */
  readonly action?: { readonly words: string; readonly act: () => void }
}

interface Shown extends Toast {
  readonly id: number
}

const SHOWN_MS = 6000
const MOST = 3

let shown: readonly Shown[] = []
let count = 0
let tell: (() => void) | null = null

const change = (next: readonly Shown[]) => {
  shown = next
  tell?.()
}

/** Says something. */
export const say = (toast: Toast): void => {
  const id = ++count
  change([...shown.slice(1 - MOST), { ...toast, id }])
  setTimeout(() => change(shown.filter((each) => each.id !== id)), SHOWN_MS)
}

export const Toasts = () => {
  const [, setRound] = useState(0)
  useEffect(() => {
    tell = () => setRound((round) => round + 1)
    return () => {
      tell = null
    }
  }, [])
  return (
    <div class="toasts" role="status">
      {shown.map(({ id, text, action }) => (
        <div class="toast" key={id}>
          <span>{text}</span>
          {action !== undefined && (
            <button
              type="button"
              class="button"
              onClick={() => {
                change(shown.filter((each) => each.id !== id))
                action.act()
              }}
            >
              {action.words}
            </button>
          )}
        </div>
      ))}
    </div>
  )
}
