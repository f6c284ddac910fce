/** Ways back from a moment: put the page back, or make a page of its own of it. */
import { CopyPlus, RotateCcw } from 'lucide'
import { addPage } from '../../../../shared/story.ts'
import { freshId } from '../../device/kept.ts'
import { Icon } from '../../ui/icon.tsx'
import { say } from '../../ui/toast.tsx'
import { words } from '../../words/words.ts'
import type { StorySession } from '../session.ts'
import type { Moment, Past } from './past.ts'

export interface WaysParts {
  readonly session: StorySession
  readonly past: Past
  readonly moment: Moment
  /** Whether it is the present: there is nothing to go back to. */
  readonly isNow: boolean
  readonly page: string
  readonly done: () => void
  readonly show: (page: string) => void
}

export const Ways = ({ session, past, moment, isNow, page, done, show }: WaysParts) => {
  const failed = (error: Error) => say({ text: words.failed(error.message) })
  const restore = () =>
    past.restore(moment).then(() => {
      say({ text: words.restored })
      done()
    }, failed)
  const copy = () => {
    const id = freshId()
    past.copy(moment, id).then(() => {
      const { pages } = session.state.story
      const at = pages.findIndex((each) => each.id === page)
      const title = words.copyOf(pages[at]?.title || words.untitledPage)
      addPage(session.index.doc, { id, title }, at + 1)
      say({ text: words.copied })
      show(id)
    }, failed)
  }
  return (
    <div class="row ways">
      <button type="button" class="button main" disabled={isNow} onClick={restore}>
        <Icon of={RotateCcw} />
        {words.restore}
      </button>
      <button type="button" class="button" onClick={copy}>
        <Icon of={CopyPlus} />
        {words.restoreCopy}
      </button>
    </div>
  )
}
