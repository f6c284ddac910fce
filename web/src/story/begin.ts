/** A story that was just begun gets its title and its first page, once this device knows that it has none. */
import { addPage, readStory, setTitle } from '../../../shared/story.ts'
import { changeFragment, fragment } from '../device/fragment.ts'
import { freshId } from '../device/kept.ts'
import type { StorySession } from './session.ts'

/** @param began hears of the first page @returns how to forget it */
export const begin = (session: StorySession, began: (page: string) => void): (() => void) => {
  let isLeft = false
  const title = fragment().get('new')
  if (title === null) return () => undefined
  void session.index.whenLoaded.then(() => {
    if (isLeft) return
    changeFragment({ new: null }, false)
    const { doc } = session.index
    if (readStory(doc).pages.length > 0) return
    const first = freshId()
    doc.transact(() => {
      setTitle(doc, title)
      addPage(doc, { id: first, title: '' }, 0)
    })
    began(first)
  })
  return () => {
    isLeft = true
  }
}
