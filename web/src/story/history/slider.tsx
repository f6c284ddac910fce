/** The moments of a page in a row, in the colours of who wrote then. */
import { ChevronLeft, ChevronRight } from 'lucide'
import { Icon } from '../../ui/icon.tsx'
import { colourOf } from '../../ui/person.tsx'
import { moment, words } from '../../words/words.ts'
import type { Entry } from './past.ts'

export interface SliderParts {
  readonly entries: readonly Entry[]
  readonly chosen: number
  /** Whether a version is shown instead. */
  readonly isVersion: boolean
  readonly choose: (at: number) => void
}

export const Slider = ({ entries, chosen, isVersion, choose }: SliderParts) => {
  const last = entries.length - 1
  const entry = entries[chosen] as Entry
  const who = entry.author ?? words.somebody
  const said = `${who}, ${moment(entry.to)}`
  return (
    <div class="slider" data-rests={isVersion}>
      <div class="ticks" aria-hidden="true">
        {entries.map(({ author, toSeq }, at) => (
          <span
            key={toSeq}
            data-person={author === null ? 'none' : colourOf(author)}
            class={at === chosen ? 'chosen' : ''}
          />
        ))}
      </div>
      <div class="row slider-row">
        <button
          type="button"
          class="button quiet round"
          aria-label={words.earlier}
          disabled={chosen === 0}
          onClick={() => choose(chosen - 1)}
        >
          <Icon of={ChevronLeft} />
        </button>
        <input
          type="range"
          min={0}
          max={last}
          value={chosen}
          aria-label={words.moment}
          aria-valuetext={`${words.momentOf(chosen + 1, entries.length)}: ${said}`}
          onInput={(event) => choose(Number(event.currentTarget.value))}
        />
        <button
          type="button"
          class="button quiet round"
          aria-label={words.later}
          disabled={chosen === last}
          onClick={() => choose(chosen + 1)}
        >
          <Icon of={ChevronRight} />
        </button>
      </div>
      <p class="slider-said">
        <span class="dot" data-person={entry.author === null ? 'none' : colourOf(entry.author)} />
        <strong>{who}</strong>
        <span class="faint">{chosen === last ? `${moment(entry.to)} · ${words.now}` : moment(entry.to)}</span>
      </p>
    </div>
  )
}
