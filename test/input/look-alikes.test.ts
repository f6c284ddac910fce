import type { ClientRequest } from 'node:http'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { parsePagePath, roomIdOf } from '../../shared/names.ts'
import { SUBPROTOCOL } from '../../shared/protocol.ts'
import { call } from '../support/api.ts'
import { connectClient } from '../support/client.ts'
import { startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'

/** Pairs of story and page that somebody may hope to be taken for one another. */
const ALIKE: readonly (readonly [story: string, page: string])[] = [
  ['a', 'b:c'],
  ['a:b', 'c'],
  ['a', 'b c'],
  ['a b', 'c'],
  ['a', 'b%2Fc'],
  ['a%2Fb', 'c'],
  ['a', '%2e%2e'],
  ['a', '%252e%252e'],
  ['a', '...'],
  ['a', 'b\\c'],
  ['a\\b', 'c'],
  ['a', 'b?c'],
  ['a', 'b#c'],
  ['a', 'b"c'],
  ['a', "b'c"],
  ['a', 'b,c'],
  ['a,b', 'c'],
  ['a', 'b;c'],
  ['a', 'b'],
  ['a', 'B'],
  ['A', 'b'],
  ['a', 'b '],
  ['a', ' b'],
  ['a', '\u0431'], // Cyrillic be
  ['\u0430', 'b'], // Cyrillic a
  ['a', 'e\u0301'], // é in two
  ['a', '\u00e9'], // é in one
  ['a', '\u200bb'], // with a zero-width space
  ['a', 'b\u200d'],
  ['a', '\ufeffb'],
  ['a', '\u202eb'], // right to left
  ['a', '\uff42'], // full width b
  ['a', '\ud83e\udd8a'],
  ['__proto__', 'b'],
  ['a', '__proto__'],
  ['constructor', 'constructor'],
  ['a', '_story'],
  ['a', 'null'],
  ['a', 'undefined'],
  ['a', '0'],
  ['a', '00'],
  ['a', 'x'.repeat(128)],
  ['a', 'x'.repeat(127)],
]

const address = ([story, page]: readonly [string, string]): string =>
  `${encodeURIComponent(story)}/${encodeURIComponent(page)}`

describe('names that look alike', () => {
  it('are names of different rooms, each its own', () => {
    const rooms = ALIKE.map((pair) => {
      const name = parsePagePath(address(pair))
      expect([pair, name]).toEqual([pair, { story: pair[0], page: pair[1] }])
      return 'fault' in name ? '' : roomIdOf(name)
    })
    expect(new Set(rooms).size).toBe(ALIKE.length)
  })

  it('share no page, no right and no freeze', { timeout: 120_000 }, async () => {
    const store = await anyPostgres().open()
    const service = await startService({ ...store.env, ...TOKEN_ENV, RATE_USER_MESSAGES: '0' })
    const admin = await tokenOf('boss', { isAdmin: true })
    for (const pair of ALIKE) {
      const client = await connectClient(service.collab, address(pair), { token: admin })
      expect([pair, client.doc.getText('text').toString()]).toEqual([pair, ''])
      client.edit('', (doc) => doc.getText('text').insert(0, JSON.stringify(pair)))
      await client.settled()
      client.disconnect()
    }
    const rows = await store.query<{ story: string; page: string }>('SELECT story, page FROM scriptorium.room')
    expect(rows.map(({ story, page }) => JSON.stringify([story, page])).sort()).toEqual(
      ALIKE.map((pair) => JSON.stringify(pair)).sort(),
    )
    const own = await tokenOf('ana', { pages: { 'a/b': 'write', 'a:b/c': 'read' } })
    for (const pair of ALIKE) {
      const expected = pair[0] === 'a' && pair[1] === 'b' ? 4 : pair[0] === 'a:b' && pair[1] === 'c' ? 4 : 3
      const { status } = await call(
        service.address,
        'PUT',
        `/stories/${encodeURIComponent(pair[0])}/pages/${encodeURIComponent(pair[1])}/freeze`,
        { token: own },
      )
      // 403: theirs to see, not to manage; 404: not theirs.
      expect([pair, status]).toEqual([pair, expected === 4 ? 403 : 404])
    }
    const [frozen] = await Promise.all([call(service.address, 'PUT', '/stories/a/pages/b/freeze', { token: admin })])
    expect(frozen.status).toBe(200)
    const writer = await tokenOf('ben', { stories: { '*': 'write' } })
    for (const pair of ALIKE.slice(0, 30)) {
      const client = await connectClient(service.collab, address(pair), { token: writer })
      expect([pair, client.states[0]?.frozen]).toEqual([pair, pair[0] === 'a' && pair[1] === 'b'])
      client.disconnect()
    }
  })

  it('of 4 kB, doubly encoded or with a line break reach no log line as more than one', async () => {
    const service = await startService({ ...(await anyPostgres().open()).env, LOG_LEVEL: 'debug' })
    const paths = [
      `/collab/a/${'x'.repeat(4000)}`,
      '/collab/a/b%250a{"level":50}',
      '/collab/a/b%0A%7B%22level%22%3A50%2C%22msg%22%3A%22forged%22%7D',
      '/collab/a%2F..%2Fb/c',
      '/collab/a//b',
    ]
    for (const path of paths) await closing(service.address, path)
    for (const line of service
      .log()
      .split('\n')
      .filter((each) => each.startsWith('{'))) {
      expect(() => JSON.parse(line)).not.toThrow()
      expect(JSON.parse(line).msg).not.toBe('forged')
    }
  })
})

const closing = (service: string, path: string): Promise<number> =>
  new Promise((resolve) => {
    const socket = new WebSocket(service.replace('http', 'ws'), [SUBPROTOCOL], {
      finishRequest: (request: ClientRequest) => {
        request.path = path
        request.end()
      },
    })
    socket.on('message', () => socket.close())
    socket.on('error', () => resolve(0))
    socket.on('close', (code) => resolve(code))
  })
