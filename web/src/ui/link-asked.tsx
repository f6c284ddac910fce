/** Asks for the link without which the service does not open something. */
import { useState } from 'preact/hooks'
import { keepToken, tokenIn } from '../device/tokens.ts'
import { words } from '../words/words.ts'

export interface LinkAskedParts {
  /** null: for all stories. */
  readonly story: string | null
  readonly taken: () => void
}

export const LinkAsked = ({ story, taken }: LinkAskedParts) => {
  const [pasted, setPasted] = useState('')
  return (
    <form
      class="row link-asked"
      onSubmit={(event) => {
        event.preventDefault()
        if (pasted.trim() === '') return
        keepToken(story, tokenIn(pasted))
        taken()
      }}
    >
      <input
        class="field"
        aria-label={words.pasteLink}
        placeholder={words.pasteLink}
        autocomplete="off"
        value={pasted}
        onInput={(event) => setPasted(event.currentTarget.value)}
      />
      <button type="submit" class="button main">
        {words.useLink}
      </button>
    </form>
  )
}
