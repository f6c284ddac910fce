/** A page as small as a stamp: its first picture and its first words. */
import { useEffect, useState } from 'preact/hooks'
import type { PageEntry } from '../../../shared/story.ts'
import type { Preview } from '../device/previews.ts'
import type { StorySession } from './session.ts'

export interface ThumbnailParts {
  readonly session: StorySession
  readonly page: PageEntry
  readonly preview: Preview | undefined
}

export const Thumbnail = ({ session, page, preview }: ThumbnailParts) => {
  const picture = preview?.picture ?? null
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    setUrl(null)
    if (picture === null) return
    let isLeft = false
    session.pictures.url(picture, page.id).then(
      (found) => {
        if (!isLeft) setUrl(found)
      },
      // Not here yet: the words alone show the page.
      () => undefined,
    )
    return () => {
      isLeft = true
    }
  }, [session, picture, page.id])
  return (
    <span class="stamp" aria-hidden="true">
      {url !== null && <img src={url} alt="" />}
      <span class="stamp-title">{page.title}</span>
      <span class="stamp-text">{preview?.text ?? ''}</span>
    </span>
  )
}
