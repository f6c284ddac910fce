/**
 * The colours of those who are here: no two share one as far as there are enough, and nobody's changes while they stay.
 * Everybody says theirs in their presence, with a turn that is one higher than all they found: who came first keeps it.
 */
import type { Awareness } from 'y-protocols/awareness'
import type { Provider } from '../../../shared/provider/provider.ts'
import { COLOURS, type Face, hexOf, ownColourOf, wear } from '../ui/person.tsx'

export interface Worn {
  readonly id: string
  readonly colour: number
  /** null: not chosen yet, or an app that does not know of turns. */
  readonly turn: number | null
}

/** A colour that none of `taken` is, the person's own if possible; one of those worn least where there are not enough. */
export const freeColour = (id: string, taken: readonly number[]): number => {
  const own = ownColourOf(id)
  const choices = Array.from({ length: COLOURS }, (_, step) => (own + step) % COLOURS)
  const wearers = (colour: number) => taken.filter((each) => each === colour).length
  const fewest = Math.min(...choices.map(wearers))
  return choices.find((colour) => wearers(colour) === fewest) ?? own
}

const isBefore = (one: Worn, other: Worn): boolean =>
  one.turn === other.turn ? one.id < other.id : (one.turn ?? 0) < (other.turn ?? 0)

/** What I wear beside the others: mine still, unless somebody who came before wears it. */
export const chosen = (me: Worn, others: readonly Worn[]): Worn => {
  const settled = others.filter(({ turn }) => turn !== null)
  // Windows of one person are of one colour.
  const twins = settled.filter(({ id }) => id === me.id)
  const first = [...twins, ...(me.turn === null ? [] : [me])].sort(
    (one, other) => (one.turn ?? 0) - (other.turn ?? 0),
  )[0]
  const rivals = settled.filter(({ id }) => id !== me.id)
  const taken = rivals.map(({ colour }) => colour)
  if (first === undefined) {
    const turn = Math.max(0, ...settled.map((each) => each.turn ?? 0)) + 1
    return { id: me.id, colour: freeColour(me.id, taken), turn }
  }
  const isLate = rivals.some((rival) => rival.colour === first.colour && isBefore(rival, first))
  const free = freeColour(me.id, taken)
  return isLate && !taken.includes(free) ? { ...first, colour: free } : first
}

/** The colour of everybody; who did not choose yet is shown what they will choose. */
export const coloursOf = (all: readonly Worn[]): ReadonlyMap<string, number> => {
  const colours = new Map<string, number>()
  for (const { id, colour, turn } of all) if (turn !== null) colours.set(id, colour)
  const rest = new Set(all.map(({ id }) => id).filter((id) => !colours.has(id)))
  for (const id of [...rest].sort()) colours.set(id, freeColour(id, [...colours.values()]))
  return colours
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const wornBy = (state: unknown): Worn[] => {
  const { user } = (state ?? {}) as { user?: { id?: unknown; colour?: unknown; turn?: unknown } }
  if (typeof user?.id !== 'string') return []
  const { id, colour, turn } = user
  const isChosen = isWhole(colour) && colour < COLOURS && isWhole(turn)
  return [isChosen ? { id, colour, turn } : { id, colour: ownColourOf(id), turn: null }]
}

export class Colours {
  readonly #me: Face
  readonly #canChoose: () => boolean
  readonly #changed: () => void
  readonly #watched = new Map<Provider, Awareness>()
  #mine: Worn
  #all: ReadonlyMap<string, number> = new Map()

  /**
   * @param canChoose whether it is known who is here
   * @param changed called when somebody's colour is another
   */
  constructor(me: Face, canChoose: () => boolean, changed: () => void) {
    this.#me = me
    this.#canChoose = canChoose
    this.#changed = changed
    this.#mine = { id: me.id, colour: ownColourOf(me.id), turn: null }
  }

  /** The same object until somebody's colour is another. */
  get all(): ReadonlyMap<string, number> {
    return this.#all
  }

  /** What I tell of myself. */
  get user() {
    const { colour, turn } = this.#mine
    const { id, name } = this.#me
    return { id, name, color: hexOf(colour), colour, turn }
  }

  /** Shows me on a page, and looks at who else is there. @returns how to stop */
  watch(provider: Provider): () => void {
    const attach = () => {
      this.#watched.get(provider)?.off('change', this.look)
      this.#watched.set(provider, provider.awareness)
      provider.awareness.setLocalStateField('user', this.user)
      provider.awareness.on('change', this.look)
    }
    const attachAnew = () => {
      attach()
      this.look()
    }
    attach()
    provider.on('doc', attachAnew)
    return () => {
      provider.off('doc', attachAnew)
      this.#watched.get(provider)?.off('change', this.look)
      this.#watched.delete(provider)
    }
  }

  /** Looks at who is here now. */
  readonly look = (): void => {
    const others = [...this.#watched.values()].flatMap((awareness) =>
      [...awareness.getStates()].flatMap(([client, state]) => (client === awareness.clientID ? [] : wornBy(state))),
    )
    if (this.#mine.turn !== null || this.#canChoose()) this.#take(chosen(this.#mine, others))
    const all = coloursOf([this.#mine, ...others])
    if (JSON.stringify([...all].sort()) === JSON.stringify([...this.#all].sort())) return
    this.#all = all
    wear(all)
    this.#changed()
  }

  #take(mine: Worn): void {
    if (mine.colour === this.#mine.colour && mine.turn === this.#mine.turn) return
    this.#mine = mine
    for (const awareness of this.#watched.values()) awareness.setLocalStateField('user', this.user)
  }
}
