/** What was said about rights since tokens were issued, as it stands now. The newest word on a page counts. */
import { createHash } from 'node:crypto'
import { ROLES, type Role, type Scope } from '../access.ts'
import type { Change } from './store.ts'

/** Stands for a user where rights are changed: it need not tell who it is. */
export const subjectOf = (user: string): string => createHash('sha256').update(user).digest('base64url')

/** No name holds a `/`, so no two scopes share a key. */
const keyOf = (subject: string, story: string, page: string): string => `${subject}/${story}/${page}`

const wordOf = ({ kind, subject, story, page }: Change): string => `${kind} ${keyOf(subject, story, page)}`

export class Standing {
  readonly #grants = new Map<string, { readonly role: Role; readonly at: number }>()
  readonly #frozen = new Map<string, string>()
  /** The last word on each subject. */
  #words = new Map<string, Change>()
  #lastId = 0

  /** The newest change known. */
  get lastId(): number {
    return this.#lastId
  }

  /** Takes a change in. @returns whether it was not known */
  apply(change: Change): boolean {
    const { id, kind, subject, story, page, value, reason, at } = change
    if (id <= this.#lastId) return false
    this.#lastId = id
    if (kind === 'ask') return true
    const key = keyOf(subject, story, page)
    this.#words.set(wordOf(change), change)
    if (kind === 'freeze') {
      if (value === 'on')
        this.#frozen.set(key, reason ?? (page === '' ? 'this story is frozen' : 'this page is frozen'))
      else this.#frozen.delete(key)
      return true
    }
    this.#grants.set(key, { role: ROLES.find((role) => role === value) ?? 'none', at })
    return true
  }

  /** What was said, as far as it is known here, and is not in `changes`, nor anything later on the same. */
  lackedBy(changes: readonly Change[]): Change[] {
    const there = new Map(changes.map((change) => [wordOf(change), change.at]))
    return [...this.#words].flatMap(([word, change]) =>
      (there.get(word) ?? Number.NEGATIVE_INFINITY) < change.at ? [change] : [],
    )
  }

  /** Begins anew with all changes that there are. @returns those that were not known */
  restart(changes: readonly Change[]): Change[] {
    const known = this.#words
    this.#grants.clear()
    this.#frozen.clear()
    this.#words = new Map()
    this.#lastId = 0
    for (const change of changes) this.apply(change)
    return [...this.#words.values()].filter((change) => known.get(wordOf(change))?.at !== change.at)
  }

  /** Whether all that a user was granted before is void. @param since when it was granted */
  isRevoked(user: string, since: number): boolean {
    if (this.#grants.size === 0) return false
    const said = this.#grants.get(keyOf(subjectOf(user), '', ''))
    return said !== undefined && said.at >= since
  }

  /** The newest word on a user in a scope, if it is newer than `since`; null: none is. */
  changed(user: string, { story, page }: Scope, since: number): Role | null {
    if (this.#grants.size === 0) return null
    const subject = subjectOf(user)
    let newest: { readonly role: Role; readonly at: number } | null = null
    for (const key of [keyOf(subject, '', ''), keyOf(subject, story, ''), keyOf(subject, story, page ?? '')]) {
      const word = this.#grants.get(key)
      if (word !== undefined && word.at >= since && (newest === null || word.at >= newest.at)) newest = word
    }
    return newest?.role ?? null
  }

  /** Why a scope is frozen, or null. */
  frozen({ story, page }: Scope): string | null {
    if (this.#frozen.size === 0) return null
    return this.#frozen.get(keyOf('', story, '')) ?? this.#frozen.get(keyOf('', story, page ?? '')) ?? null
  }
}
