/** Looks at what a server has written, without asking the server. */
import pg from 'pg'
import type { Endpoint, Storage } from '../targets/target.ts'
import { mustEqual } from './fresh-client.ts'
import type { Room } from './room.ts'
import { textOf } from './typing.ts'
import { sleep, until } from './until.ts'

const LOOK_MS = 250

export interface Watch {
  /** @throws Error when something does not get there within a minute, or reads differently there */
  untilAllIsThere(): Promise<void>
}

/**
 * Where edits are acknowledged, the acknowledgement says when they are stored, and the storage is read once, at once, when
 * the last has come. Elsewhere it is read again and again.
 */
export const watchStorage = (endpoint: Endpoint, rooms: readonly Room[]): Watch | null => {
  const { storage, dialect } = endpoint
  if (storage === null) return null
  let failure: Error | null = null
  let over = false
  const look = async (client: pg.Client) => {
    const found = await read(client, storage, rooms)
    const at = performance.now()
    for (const room of rooms) for (const update of found.get(room.name) ?? []) room.lookAtStored(update, at)
    return found
  }
  const looking = (async () => {
    if (dialect === 'scriptorium') return
    await connected(storage, async (client) => {
      for (; !over; await sleep(LOOK_MS)) await look(client)
    })
  })().catch((error: Error) => {
    failure = error
  })
  return {
    untilAllIsThere: async () => {
      if (dialect !== 'scriptorium') {
        await until(
          () => rooms.every((room) => room.isStored),
          () => failure,
          () => 'not everything is in the database',
        )
      }
      over = true
      await looking
      const found = await connected(storage, (client) => read(client, storage, rooms))
      for (const room of rooms)
        mustEqual(`${room.name} in the database`, textOf(found.get(room.name) ?? []), room.typedText())
    },
  }
}

const connected = async <T>({ url }: Storage, use: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

const read = async (
  client: pg.Client,
  { sql }: Storage,
  rooms: readonly Room[],
): Promise<ReadonlyMap<string, readonly Uint8Array[]>> => {
  const { rows } = await client.query<{ name: string; data: Uint8Array }>(sql, [rooms.map(({ name }) => name)])
  const found = new Map<string, Uint8Array[]>()
  for (const { name, data } of rows) {
    const updates = found.get(name)
    if (updates === undefined) found.set(name, [data])
    else updates.push(data)
  }
  return found
}
