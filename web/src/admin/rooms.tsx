/** Pages in memory as a table, and any page by letters of its name. */
import { Search } from 'lucide'
import { useState } from 'preact/hooks'
import { Icon } from '../ui/icon.tsx'
import { words } from '../words/console.ts'
import { bytes, count, moment } from './figures.ts'
import { addressOf } from './place.ts'
import { Scroll } from './scroll.tsx'
import type { OpenRoom, StoredPage, Rooms as Told } from './told.ts'
import { useAsked } from './use-asked.ts'

const REFRESH_MS = 3000
const { columns } = words

const ORDERS = ['members', 'slow', 'tail', 'bytes'] as const

export const Rooms = () => {
  const [search, setSearch] = useState('')
  const [order, setOrder] = useState('members')
  const query = new URLSearchParams({ search, order })
  const { answer, fault } = useAsked<Told>(`/admin/rooms?${query}`, REFRESH_MS)
  const others = answer?.stored.filter(({ story, page }) => !isHeld(answer.rooms, story, page)) ?? []
  return (
    <section aria-labelledby="pages">
      <h2 id="pages">{words.parts.pages}</h2>
      <search>
        <form class="row filters" onSubmit={(event) => event.preventDefault()}>
          <label class="with-icon">
            <span class="hidden-words">{words.findPage}</span>
            <Icon of={Search} />
            <input
              type="search"
              class="field"
              placeholder={words.findPage}
              value={search}
              onInput={(event) => setSearch(event.currentTarget.value)}
            />
          </label>
          <label class="row">
            <span class="faint">{words.most}</span>
            <select class="field" value={order} onChange={(event) => setOrder(event.currentTarget.value)}>
              {ORDERS.map((value) => (
                <option key={value} value={value}>
                  {words.orders[value]}
                </option>
              ))}
            </select>
          </label>
        </form>
      </search>
      {fault !== null && (
        <p class="notice bad" role="alert">
          {fault}
        </p>
      )}
      {answer !== null && answer.silent > 0 && <p class="notice">{words.silent(answer.silent)}</p>}
      {answer !== null && <Held {...answer} isSearch={search !== ''} />}
      {others.length > 0 && <Others pages={others} />}
    </section>
  )
}

const isHeld = (rooms: readonly OpenRoom[], story: string, page: string): boolean =>
  rooms.some((room) => room.story === story && room.page === page)

interface HeldParts extends Pick<Told, 'rooms' | 'open' | 'held'> {
  /** Whether they were looked for by letters of their names. */
  readonly isSearch: boolean
}

const Held = ({ rooms, open, held, isSearch }: HeldParts) => {
  if (rooms.length === 0) return <p class="faint">{isSearch ? words.noSuchHeld : words.nothingHeld}</p>
  return (
    <>
      <Scroll label={words.heldPages}>
        <table aria-describedby="what-is-open">
          <caption>
            {words.openAndHeld(open, count(open), count(held))}
            {held > rooms.length && words.shownOnly(count(rooms.length))}
          </caption>
          <thead>
            <tr>
              <th scope="col">{columns.page}</th>
              <th scope="col">{columns.people}</th>
              <th scope="col">{columns.snapshot}</th>
              <th scope="col">{columns.tail}</th>
              <th scope="col">{columns.rows}</th>
            </tr>
          </thead>
          <tbody>
            {rooms.map((room) => (
              <tr key={`${room.story}/${room.page}`}>
                <th scope="row">
                  <a href={addressOf(room)}>
                    {room.story}/{room.page}
                  </a>
                  {room.slow > 0 && <span class="tag wait">{words.readers(room.slow)}</span>}
                </th>
                <td>{room.members === 0 ? words.nobody : count(room.members)}</td>
                <td>{bytes(room.snapshotBytes)}</td>
                <td>{bytes(room.tailBytes)}</td>
                <td>{count(room.tailRows)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p id="what-is-open" class="faint small">
        {words.whatIsOpen}
      </p>
    </>
  )
}

const Others = ({ pages }: { readonly pages: readonly StoredPage[] }) => (
  <Scroll label={words.notHeld}>
    <table>
      <caption>{words.notHeld}</caption>
      <thead>
        <tr>
          <th scope="col">{columns.page}</th>
          <th scope="col">{columns.size}</th>
          <th scope="col">{columns.lastEdit}</th>
        </tr>
      </thead>
      <tbody>
        {pages.map((page) => (
          <tr key={`${page.story}/${page.page}`}>
            <th scope="row">
              <a href={addressOf(page)}>
                {page.story}/{page.page}
              </a>
              {page.deletedAt !== null && <span class="tag bad">{page.erased ? words.erased : words.deleted}</span>}
            </th>
            <td>{bytes(page.bytes)}</td>
            <td>{moment(page.lastEdit)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
)
