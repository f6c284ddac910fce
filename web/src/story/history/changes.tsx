/** What changed, in words. */
import { colourOf } from '../../ui/person.tsx'
import { words } from '../../words/words.ts'
import type { Span, SpansOf } from '../blame.ts'

const MOST = 40
const MOST_LETTERS = 160

/** As it is quoted: without the spaces around it, unless there is nothing else. */
const short = (text: string): string => {
  const quoted = text.trim() === '' ? text : text.trim()
  return quoted.length > MOST_LETTERS ? `${quoted.slice(0, MOST_LETTERS)}…` : quoted
}

/** Texts of a page that people read: not what is kept beside them. */
const isShown = ({ root }: SpansOf): boolean => root === 'body' || root === 'title'

export const sentenceOf = ({ op, author, text }: Span): string => {
  const who = author ?? words.somebody
  return op === 'delete' ? words.deleted(who, short(text)) : words.wrote(who, short(text))
}

export const Changes = ({ texts }: { readonly texts: readonly SpansOf[] }) => {
  const spans = texts.filter(isShown).flatMap((each) => each.spans)
  return (
    <section class="changes" aria-label={words.whatChanged}>
      <h3>{words.whatChanged}</h3>
      {spans.length === 0 && <p class="faint">{words.noWords}</p>}
      <ul>
        {spans.slice(0, MOST).map((span) => (
          <li
            key={`${span.op} ${span.position} ${span.from} ${span.text}`}
            data-person={span.author === null ? 'none' : colourOf(span.author)}
            data-op={span.op}
          >
            {sentenceOf(span)}
          </li>
        ))}
      </ul>
    </section>
  )
}
