/** What PostgreSQL answers is the same however the network cuts it, and however large it is. */
import { describe, expect, it } from 'vitest'
import { WholeMessages } from '../../server/database/whole-messages.ts'
import { openDatabase } from '../support/open-database.ts'
import { chopped, startProxy } from '../support/proxy.ts'
import { seededRandom } from '../support/random.ts'
import { everyPostgres } from '../support/stores.ts'

/** The URL of a database by a way that cuts what is said into pieces. */
const choppedAt = async (url: string, sizeOf: () => number): Promise<string> => {
  const way = new URL(url)
  const { port } = await startProxy(way.hostname, Number(way.port), chopped(sizeOf))
  way.hostname = '127.0.0.1'
  way.port = String(port)
  return way.href
}

const ROWS = `
  SELECT n::int AS n, repeat(chr((65 + n % 26)::int), n::int) AS text,
         convert_to(repeat(chr((65 + n % 26)::int), n::int), 'UTF8') AS bytes
  FROM unnest($1::int[]) AS n`

const read = async (url: string, lengths: readonly number[]) => {
  const database = await openDatabase({ DATABASE_URL: url, DATA_DIR: 'unused' })
  const rows = await database.query<{ n: number; text: string; bytes: Buffer }>(ROWS, [lengths])
  expect(rows.map(({ n }) => n)).toEqual(lengths)
  for (const { n, text, bytes } of rows) {
    const letter = String.fromCharCode(65 + (n % 26))
    expect(text === letter.repeat(n) && bytes.equals(Buffer.from(text))).toBe(true)
  }
}

it('what no PostgreSQL sends is handed on all the same, and holds nothing up', () => {
  const taken: number[] = []
  const messages = new WholeMessages((bytes) => taken.push(...bytes))
  for (let n = 0; n < 20; n++) messages.push(Buffer.alloc(3))
  messages.push(Buffer.alloc(7))
  expect(taken).toHaveLength(65)
})

describe.each(everyPostgres)('what PostgreSQL answers over $name', ({ openBare: open }) => {
  it('is read whole, byte by byte', async () => {
    const { env } = await open()
    await read(await choppedAt(env.DATABASE_URL ?? '', () => 1), [0, 1, 2, 3, 4, 5, 100, 700])
  })

  it('is read whole in pieces of all sizes', async () => {
    const { env } = await open()
    const random = seededRandom()
    const sizes = () => 1 + Math.floor(random.fraction() ** 4 * 9000)
    const lengths = Array.from({ length: 300 }, () => Math.floor(random.fraction() ** 3 * 9000))
    const url = await choppedAt(env.DATABASE_URL ?? '', sizes)
    for (let round = 0; round < 3; round++) await read(url, lengths)
  })

  it('is read whole where one message takes megabytes, and small ones behind it', async () => {
    const { env } = await open()
    await read(env.DATABASE_URL ?? '', [3_000_000, 5, 60_000, 1, 1_200_000, 0, 300_000, 7])
  })
})
