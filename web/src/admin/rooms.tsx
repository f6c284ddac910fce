/** Open pages as a table, and any page by letters of its name. */
import { Search } from 'lucide'
import { useState } from 'preact/hooks'
import { Icon } from '../ui/icon.tsx'
import { addressOf } from './place.ts'
import { Scroll } from './scroll.tsx'
import type { OpenRoom, StoredPage, Rooms as Told } from './told.ts'
import { useAsked } from './use-asked.ts'
import { bytes, count, moment, readers } from './words.ts'

const REFRESH_MS = 3000

const ORDERS = [
  ['members', 'people'],
  ['slow', 'slow readers'],
  ['tail', 'tail'],
  ['bytes', 'size'],
] as const

export const Rooms = () => {
  const [search, setSearch] = useState('')
  const [order, setOrder] = useState('members')
  const query = new URLSearchParams({ search, order })
  const { answer, fault } = useAsked<Told>(`/admin/rooms?${query}`, REFRESH_MS)
  const closed = answer?.stored.filter(({ story, page }) => !isOpen(answer.rooms, story, page)) ?? []
  return (
    <section aria-labelledby="pages">
      <h2 id="pages">Pages</h2>
      <search>
        <form class="row filters" onSubmit={(event) => event.preventDefault()}>
          <label class="with-icon">
            <span class="hidden-words">Find a page by its name</span>
            <Icon of={Search} />
            <input
              type="search"
              class="field"
              placeholder="Find a page by its name"
              value={search}
              onInput={(event) => setSearch(event.currentTarget.value)}
            />
          </label>
          <label class="row">
            <span class="faint">Most</span>
            <select class="field" value={order} onChange={(event) => setOrder(event.currentTarget.value)}>
              {ORDERS.map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
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
      {answer !== null && <Open rooms={answer.rooms} open={answer.open} />}
      {closed.length > 0 && <Closed pages={closed} />}
    </section>
  )
}

const isOpen = (rooms: readonly OpenRoom[], story: string, page: string): boolean =>
  rooms.some((room) => room.story === story && room.page === page)

const Open = ({ rooms, open }: { readonly rooms: readonly OpenRoom[]; readonly open: number }) => {
  if (rooms.length === 0) return <p class="faint">No such page is open here now.</p>
  return (
    <Scroll label="Open pages">
      <table>
        <caption>
          {open === 1 ? '1 page is open here' : `${count(open)} pages are open here`}
          {open > rooms.length && `, of which ${count(rooms.length)} are shown`}
        </caption>
        <thead>
          <tr>
            <th scope="col">Page</th>
            <th scope="col">People</th>
            <th scope="col">Snapshot</th>
            <th scope="col">Tail</th>
            <th scope="col">Rows</th>
          </tr>
        </thead>
        <tbody>
          {rooms.map((room) => (
            <tr key={`${room.story}/${room.page}`}>
              <th scope="row">
                <a href={addressOf(room)}>
                  {room.story}/{room.page}
                </a>
                {room.slow > 0 && <span class="tag wait">{readers(room.slow)}</span>}
              </th>
              <td>{count(room.members)}</td>
              <td>{bytes(room.snapshotBytes)}</td>
              <td>{bytes(room.tailBytes)}</td>
              <td>{count(room.tailRows)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

const Closed = ({ pages }: { readonly pages: readonly StoredPage[] }) => (
  <Scroll label="Pages that nobody has open here">
    <table>
      <caption>Not open here</caption>
      <thead>
        <tr>
          <th scope="col">Page</th>
          <th scope="col">Size</th>
          <th scope="col">Last edit</th>
        </tr>
      </thead>
      <tbody>
        {pages.map((page) => (
          <tr key={`${page.story}/${page.page}`}>
            <th scope="row">
              <a href={addressOf(page)}>
                {page.story}/{page.page}
              </a>
              {page.deletedAt !== null && <span class="tag bad">{page.erased ? 'erased' : 'deleted'}</span>}
            </th>
            <td>{bytes(page.bytes)}</td>
            <td>{moment(page.lastEdit)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
)
