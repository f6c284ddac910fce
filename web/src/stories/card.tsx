/** A story on the shelf: its cover, its title, when it was last written in. */

import { useEffect, useMemo, useState } from 'preact/hooks'
import { STORY_PAGE } from '../../../shared/names.ts'
import { Pictures } from '../device/pictures.ts'
import type { Card } from '../device/shelf.ts'
import { ownColourOf } from '../ui/person.tsx'
import { ago, words } from '../words/words.ts'

export const StoryCard = ({ card }: { readonly card: Card }) => {
  const { story, cover, pages, lastEdit } = card
  // Other clients may write stories that have a name only.
  const title = card.title || story
  const url = useCover(story, cover)
  return (
    <li>
      <a class="card" href={`/s/${encodeURIComponent(story)}`}>
        <span class="cover" data-person={ownColourOf(story)} aria-hidden="true">
          {url === null ? <span class="cover-letter">{[...title][0]?.toUpperCase()}</span> : <img src={url} alt="" />}
        </span>
        <span class="card-words">
          <strong>{title}</strong>
          <span class="faint">
            {pages > 0 && `${words.pages(pages)} · `}
            {words.edited(ago(lastEdit))}
          </span>
        </span>
      </a>
    </li>
  )
}

const useCover = (story: string, cover: string | null): string | null => {
  const [url, setUrl] = useState<string | null>(null)
  const pictures = useMemo(() => new Pictures(story, () => undefined), [story])
  useEffect(() => () => pictures.close(), [pictures])
  useEffect(() => {
    setUrl(null)
    if (cover === null) return
    let isLeft = false
    pictures.url(cover, STORY_PAGE).then(
      (found) => {
        if (!isLeft) setUrl(found)
      },
      // Without its picture a cover shows its letter.
      () => undefined,
    )
    return () => {
      isLeft = true
    }
  }, [pictures, cover])
  return url
}
