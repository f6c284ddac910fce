/** A month without a network, and a large page over a slow line. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { keyValue } from '../../shared/provider/key-value.ts'
import { randomEdit } from '../support/edits.ts'
import { pageAsText, untilEqual } from '../support/equal.ts'
import { memoryStore } from '../support/key-values.ts'
import { leaveOut } from '../support/left-out.ts'
import { openProvider, untilSaved } from '../support/provider.ts'
import { slowly, startProxy } from '../support/proxy.ts'
import { seededRandom } from '../support/random.ts'
import { AT_FULL_SPEED } from '../support/service.ts'
import { sharedService } from '../support/shared-service.ts'
import { isFull } from '../support/size.ts'
import { foldOf } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const EDITS = isFull ? 5000 : 300
const DAYS = 30
const DAY_MS = 86_400_000
/** Times the app is closed and opened again meanwhile. */
const RELOADS = isFull ? 30 : 5

const MEGABYTES = Number(process.env.SCRIPTORIUM_MEGABYTES ?? 0.25)
const LINE = { bitsPerSecond: 1_000_000, delayMs: 150 }

if (!isFull) leaveOut(`provider: ${EDITS} edits of a month offline instead of 5,000: npm run test:full`)
if (MEGABYTES < 20)
  leaveOut(`provider: a first sync of ${MEGABYTES} MB at 1 Mbit/s instead of 20 (npm run prove -- slow-line)`)

describe('a provider that comes from far away', () => {
  const shared = sharedService({ ...AT_FULL_SPEED, ...TOKEN_ENV, FOLD_ROWS: '1', FOLD_MAX_ROWS: '1' })

  it(`brings ${EDITS} edits of ${DAYS} days without a network from each of two devices`, {
    timeout: 120_000,
  }, async () => {
    const random = seededRandom()
    const { store, service } = shared()
    const room = 'far/month'
    const proxy = await startProxy('127.0.0.1', Number(new URL(service.address).port))
    let away = 0
    const ports = { time: () => Date.now() - away, tabs: () => null }
    const devices = ['ana', 'ben'].map((name) => {
      const offline = keyValue(memoryStore())
      const token = () => tokenOf(name, { stories: { far: 'write' }, ttl: 3600 })
      return () => openProvider(`ws://127.0.0.1:${proxy.port}/collab`, room, { offline, token, ports })
    })
    let open = devices.map((device) => device())
    await Promise.all(open.map((provider) => untilSaved(provider)))
    proxy.cut()
    away = DAYS * DAY_MS
    const written: string[] = []
    for (let reload = 0; reload < RELOADS; reload++) {
      for (let edit = 0; edit < EDITS / RELOADS; edit++) {
        for (const { doc } of open) {
          written.push(`${written.length}`)
          doc.getMap('written').set(`${written.length - 1}`, 1)
          randomEdit(doc, random)
        }
      }
      await Promise.all(open.map((provider) => provider.destroy()))
      open = devices.map((device) => device())
      await Promise.all(open.map((provider) => provider.whenLoaded))
      away -= (DAYS / RELOADS) * DAY_MS
    }
    for (const { state } of open) expect(state.saved.state).toBe('on this device')
    const since = performance.now()
    proxy.resume()
    await Promise.all(open.map((provider) => untilSaved(provider, 60_000)))
    await untilEqual(open.map(({ doc }) => doc))
    process.stdout.write(
      `2 x ${EDITS} edits were saved and equal ${Math.round(performance.now() - since)} ms after the network came back\n`,
    )
    const stored = await foldOf(store, room)
    for (const id of written) expect(stored.getMap('written').has(id)).toBe(true)
    expect(pageAsText(stored)).toBe(pageAsText((open[0] as (typeof open)[0]).doc))
  })

  it(`takes ${MEGABYTES} MB at 1 Mbit/s and 300 ms on one socket, with progress`, {
    timeout: 60_000 + MEGABYTES * 30_000,
  }, async () => {
    const { store, service } = shared()
    const token = await tokenOf('ana', { stories: { far: 'write' }, ttl: 36_000 })
    const room = 'far/large'
    const random = seededRandom()
    const author = new Y.Doc()
    // What cannot be compressed on the way.
    for (let n = 0; n < MEGABYTES * 16; n++) author.getMap('parts').set(`${n}`, random.bytes(62_500))
    const writer = openProvider(service.collab, room, { token, doc: author })
    await untilSaved(writer, 60_000)
    await writer.destroy()
    await until('the page to be folded', async () => {
      const rows = await store.query('SELECT 1 FROM scriptorium.room WHERE room_id = $1 AND snapshot_seq > 0', [room])
      return rows.length > 0
    })
    const proxy = await startProxy('127.0.0.1', Number(new URL(service.address).port), slowly(LINE))
    const since = performance.now()
    const provider = openProvider(`ws://127.0.0.1:${proxy.port}/collab`, room, { token })
    const progress: number[] = []
    let total = 0
    provider.subscribe(() => {
      if (provider.state.progress === null) return
      progress.push(provider.state.progress.received)
      total = provider.state.progress.total
    })
    await until('the page', () => provider.synced, { withinMs: 30_000 + MEGABYTES * 20_000 })
    const took = (performance.now() - since) / 1000
    process.stdout.write(
      `${(total / 1e6).toFixed(1)} MB came in ${took.toFixed(1)} s, told in ${progress.length} steps\n`,
    )
    expect(proxy.tried).toBe(1)
    expect(progress).toEqual([...progress].sort((one, other) => one - other))
    expect(progress.length).toBeGreaterThan(MEGABYTES * 10)
    expect(provider.doc.getMap('parts').size).toBe(MEGABYTES * 16)
    expect(provider.state.saved.state).toBe('saved')
  })
})
