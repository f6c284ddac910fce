/** Asks what somebody wants to be called, where no token says so. */
import { useState } from 'preact/hooks'
import { callMe } from '../device/caller.ts'
import { words } from '../words/words.ts'
import { Dialog } from './dialog.tsx'

export const NameDialog = ({ name, close }: { readonly name: string; readonly close: () => void }) => {
  const [written, setWritten] = useState(name)
  return (
    <Dialog title={words.yourName} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (written.trim() === '') return
          callMe(written)
          // Sockets are opened in a name: this page opens them anew.
          location.reload()
        }}
      >
        <p class="faint">{words.yourNameHint}</p>
        <p>
          <input
            class="field"
            aria-label={words.yourName}
            maxLength={60}
            value={written}
            onInput={(event) => setWritten(event.currentTarget.value)}
          />
        </p>
        <div class="row dialog-end">
          <button type="button" class="button" onClick={close}>
            {words.cancel}
          </button>
          <button type="submit" class="button main">
            {words.save}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
