/** Pages that were written to and that the story does not list: taken out of it once, or written by other apps. */
import { Files } from 'lucide'
import { useState } from 'preact/hooks'
import type { PageEntry } from '../../../shared/story.ts'
import { Icon } from '../ui/icon.tsx'
import { later } from '../ui/later.tsx'
import { words } from '../words/words.ts'
import type { StorySession } from './session.ts'

const UnlistedDialog = later(async () => (await import('./unlisted-dialog.tsx')).UnlistedDialog)

/** Those of `written` that are pages of the story and not in its list. */
export const unlistedOf = (written: readonly string[], pages: readonly PageEntry[]): readonly string[] => {
  const listed = new Set(pages.map(({ id }) => id))
  return written.filter((id) => !id.startsWith('_') && !listed.has(id))
}

export interface UnlistedParts {
  readonly session: StorySession
  readonly ids: readonly string[]
  readonly isReadOnly: boolean
  readonly show: (page: string) => void
}

export const Unlisted = ({ class: look, ...parts }: UnlistedParts & { readonly class: string }) => {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <button type="button" class={`button ${look}`} onClick={() => setOpen(true)}>
        <Icon of={Files} />
        <span>{words.unlisted(parts.ids.length)}</span>
      </button>
      {isOpen && <UnlistedDialog {...parts} close={() => setOpen(false)} />}
    </>
  )
}
