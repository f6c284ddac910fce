/** What operators see and do: open rooms, the processes that serve, and the end of this one. */
import type { Context, Hono } from 'hono'
import { type PageName, roomIdOf } from '../../shared/names.ts'
import type { NodeReport } from '../figures/reports.ts'
import { inAll, type RoomAsked, type RoomSaid } from '../figures/room-question.ts'
import type { StoredPage } from '../log/archive/finding.ts'
import type { RoomFigures } from '../room/figures.ts'
import type { Authorize } from './authorize.ts'
import { nameOf } from './body.ts'
import { note } from './guard.ts'
import { Problem } from './problem.ts'

export interface OperatorParts {
  readonly authorize: Authorize
  readonly rooms: {
    figures(): RoomFigures[]
    fold(roomId: string): Promise<void>
  }
  readonly archive: {
    findPages(letters: string, limit: number): Promise<StoredPage[]>
    storedPage(roomId: string): Promise<StoredPage | null>
  }
  readonly frozen: (page: PageName) => string | null
  readonly nodes: () => Promise<NodeReport[]>
  /** How many are in rooms of other processes. */
  readonly membersElsewhere: (roomIds: readonly string[]) => Promise<Map<string, number>>
  /** Asks every process about a page. */
  readonly ask: (asked: RoomAsked) => Promise<{
    readonly here: RoomSaid
    readonly elsewhere: readonly RoomSaid[]
    /** How many did not answer in time. */
    readonly silent: number
  }>
  /** Begins the end of this process, as SIGTERM does. */
  readonly drain: () => void
}

/** By what rooms are ordered, the most first. */
const ORDERS = {
  members: ({ members }: RoomFigures) => members,
  slow: ({ slow }: RoomFigures) => slow,
  tail: ({ tailBytes }: RoomFigures) => tailBytes,
  bytes: ({ snapshotBytes, tailBytes }: RoomFigures) => snapshotBytes + tailBytes,
}
const MOST_ROOMS = 1000

export const operatorRoutes = (api: Hono, parts: OperatorParts): void => {
  const { authorize, rooms, archive, frozen, nodes, membersElsewhere, ask, drain } = parts
  api.get('/admin/rooms', async (c) => {
    await authorize(c, 'service', 'admin')
    const letters = (c.req.query('search') ?? '').toLowerCase()
    const limit = wholeOf(c, 'limit', 100, MOST_ROOMS)
    const order = ORDERS[orderOf(c)]
    const here = rooms.figures().filter(({ roomId }) => roomId.toLowerCase().includes(letters))
    const others = await membersElsewhere(here.map(({ roomId }) => roomId))
    const open = here.map((room) => withElsewhere(room, others.get(room.roomId)))
    open.sort((a, b) => order(b) - order(a) || (a.roomId < b.roomId ? -1 : 1))
    const stored = letters === '' ? [] : await archive.findPages(letters, limit)
    return c.json({ rooms: open.slice(0, limit).map(named), open: open.length, stored: stored.map(named) })
  })
  api.get('/admin/rooms/:story/:page', async (c) => {
    await authorize(c, 'service', 'admin')
    const page = pageOf(c)
    const roomId = roomIdOf(page)
    const stored = await archive.storedPage(roomId)
    const { here, elsewhere, silent } = await ask({ what: 'who', roomId })
    const { open, people } = inAll([here, ...elsewhere])
    if (open === null && stored === null) throw new Problem(404, 'Not found', 'nothing was ever written there')
    const away = (open?.members ?? 0) - (here.open?.members ?? 0)
    return c.json({
      ...page,
      frozen: frozen(page),
      open: open === null ? null : { ...page, ...open, elsewhere: away },
      elsewhere: away,
      people,
      silent,
      stored: stored === null ? null : named(stored),
    })
  })
  api.post('/admin/rooms/:story/:page/fold', async (c) => {
    const page = pageOf(c)
    await authorize(c, page, 'admin')
    await rooms.fold(roomIdOf(page))
    const stored = await archive.storedPage(roomIdOf(page))
    return c.json({ ...page, tailRows: stored?.tailRows ?? 0 })
  })
  api.post('/admin/rooms/:story/:page/close', async (c) => {
    const page = pageOf(c)
    await authorize(c, page, 'admin')
    const { here, elsewhere, silent } = await ask({ what: 'close', roomId: roomIdOf(page) })
    const closed = [here, ...elsewhere].reduce((sum, said) => sum + said.closed, 0)
    note(c, { detail: silent === 0 ? { closed } : { closed, silent } })
    return c.json({ ...page, closed, silent })
  })
  api.get('/admin/nodes', async (c) => {
    await authorize(c, 'service', 'admin')
    return c.json({ nodes: await nodes() })
  })
  api.post('/admin/drain', async (c) => {
    await authorize(c, 'service', 'admin')
    drain()
    return c.json({ draining: true }, 202)
  })
}

/** With those who are in it in other processes. */
const withElsewhere = (room: RoomFigures, elsewhere = 0) => ({ ...room, members: room.members + elsewhere, elsewhere })

/** With the names of its story and page in the place of the room's. */
const named = <T extends { readonly roomId: string }>({ roomId, ...rest }: T) => {
  const at = roomId.indexOf('/')
  return { story: roomId.slice(0, at), page: roomId.slice(at + 1), ...rest }
}

const pageOf = (c: Context): PageName => ({
  story: nameOf('story', c.req.param('story') ?? ''),
  page: nameOf('page', c.req.param('page') ?? ''),
})

const orderOf = (c: Context): keyof typeof ORDERS => {
  const given = c.req.query('order') ?? 'members'
  if (Object.hasOwn(ORDERS, given)) return given as keyof typeof ORDERS
  throw new Problem(400, 'Bad request', `order must be one of ${Object.keys(ORDERS).join(', ')}.`)
}

const wholeOf = (c: Context, name: string, fallback: number, most: number): number => {
  const value = Number(c.req.query(name) ?? fallback)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new Problem(400, 'Bad request', `${name} must be a whole number from 1 to ${most}.`)
}
