/** People by colour and initials. */

export const COLOURS = 8
/** What other clients are told; the app itself paints by number, so that the colours fit day and night. */
const HEX = ['#b03a2e', '#1f6f8b', '#6c4a9e', '#2f7a46', '#9a5b00', '#a8326e', '#3c5aa6', '#5d6b1e'] as const

/** The number of the colour that a person has by their id, the same on every device. */
export const ownColourOf = (id: string): number => {
  let hash = 0
  for (const letter of id) hash = (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) >>> 0
  return ((hash ^ (hash >>> 15)) >>> 0) % COLOURS
}

/** What those wear who are here. */
let worn: ReadonlyMap<string, number> = new Map()

/** Dresses those who are here. */
export const wear = (colours: ReadonlyMap<string, number>): void => {
  worn = colours
}

/** The number of a person's colour. */
export const colourOf = (id: string): number => worn.get(id) ?? ownColourOf(id)

/** A colour as other clients take it. */
export const hexOf = (colour: number): string => HEX[colour] ?? HEX[0]

const initialsOf = (name: string): string => {
  const parts = name.trim().split(/\s+/)
  const letters = [parts[0], parts.length > 1 ? parts.at(-1) : undefined].map((part) => [...(part ?? '')][0] ?? '')
  return letters.join('').toUpperCase()
}

export interface Face {
  readonly id: string
  readonly name: string
}

export const Avatar = ({ person }: { readonly person: Face }) => (
  <span class="avatar" data-person={colourOf(person.id)} title={person.name}>
    <span aria-hidden="true">{initialsOf(person.name)}</span>
    <span class="hidden-words">{person.name}</span>
  </span>
)
