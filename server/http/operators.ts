/** What operators see and do: open rooms, the processes that serve, and the end of this one. */
import type { Context, Hono } from 'hono'
import { type PageName, roomIdOf } from '../../shared/names.ts'
import type { NodeReport } from '../figures/reports.ts'
import { inAll, listOfAll, ORDERS, type RoomAsked, type RoomSaid } from '../figures/room-question.ts'
import type { StoredPage } from '../log/archive/finding.ts'
import type { Authorize } from './authorize.ts'
import { nameOf } from './body.ts'
import { note } from './guard.ts'
import { Problem } from './problem.ts'

export interface OperatorParts {
  readonly authorize: Authorize
  readonly rooms: {
    fold(roomId: string): Promise<void>
  }
  readonly archive: {
    findPages(letters: string, limit: number): Promise<StoredPage[]>
    storedPage(roomId: string): Promise<StoredPage | null>
  }
  readonly frozen: (page: PageName) => string | null
  readonly nodes: () => Promise<NodeReport[]>
  /** Asks every process about pages that it has open. */
  readonly ask: (asked: RoomAsked) => Promise<{
    readonly here: RoomSaid
    readonly elsewhere: readonly RoomSaid[]
    /** How many did not answer in time. */
    readonly silent: number
  }>
  /** Begins the end of this process, as SIGTERM does. */
  readonly drain: () => void
}

const MOST_ROOMS = 1000

export const operatorRoutes = (api: Hono, parts: OperatorParts): void => {
  const { authorize, rooms, archive, frozen, nodes, ask, drain } = parts
  api.get('/admin/rooms', async (c) => {
    await authorize(c, 'service', 'admin')
    const letters = (c.req.query('search') ?? '').toLowerCase()
    const limit = wholeOf(c, 'limit', 100, MOST_ROOMS)
    const asked = { what: 'list', letters, order: orderOf(c), limit } as const
    const { here, elsewhere, silent } = await ask(asked)
    const { rooms: listed, open, held } = listOfAll(here, elsewhere, asked)
    const stored = letters === '' ? [] : await archive.findPages(letters, limit)
    return c.json({ rooms: listed.map(named), open, held, silent, stored: stored.map(named) })
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
