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

/** Nobody has done it yet. */
const promiseOf = ({ op, text }: Span): string =>
  op === 'delete' ? words.goes(short(text)) : words.comesBack(short(text))

export interface ChangesParts {
  readonly texts: readonly SpansOf[]
  /** Whether it is still to happen. */
  readonly isAhead?: boolean
}

export const Changes = ({ texts, isAhead = false }: ChangesParts) => {
  const title = isAhead ? words.whatWillChange : words.whatChanged
  const spans = texts.filter(isShown).flatMap((each) => each.spans)
  return (
    <section class="changes" aria-label={title}>
      <h3>{title}</h3>
      {spans.length === 0 && <p class="faint">{words.noWords}</p>}
      <ul>
        {spans.slice(0, MOST).map((span) => (
          <li
            key={`${span.op} ${span.position} ${span.from} ${span.text}`}
            data-person={span.author === null ? 'none' : colourOf(span.author)}
            data-op={span.op}
          >
            {isAhead ? promiseOf(span) : sentenceOf(span)}
          </li>
        ))}
      </ul>
    </section>
  )
}
