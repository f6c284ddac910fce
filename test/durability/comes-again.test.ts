/** What comes again after the database was put back in time: by HTTP, by a request for a story, to a page that went on. */
import { expect, it } from 'vitest'
import * as Y from 'yjs'
import { keyValue } from '../../shared/provider/key-value.ts'
import { openProvider, openSocket, untilSaved, untilSynced } from '../support/provider.ts'
import { foldOf } from '../support/stores.ts'
import { tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'
import { end, KEPT_URL, ROOM, STORY, start, textOf } from './phones.ts'

it('an update that comes again by HTTP is answered when the database has it', { timeout: 120_000 }, async () => {
  const world = await start()
  const ana = world.device('ana')
  await ana.write(end('once '))
  await ana.sync()
  const copy = await world.keepCopy()
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'again ')
  const update = Y.encodeStateAsUpdate(doc)
  expect(await world.post(update)).toBe(200)
  await world.goBack(copy, false)
  await until('it to be taken', async () => (await world.post(update)) === 200)
  expect(textOf(await foldOf(world.store, ROOM))).toContain('again ')
  await world.stop()
})

it('what was written over a socket comes again by a request', { timeout: 120_000 }, async () => {
  const world = await start()
  const ana = world.device('ana')
  await ana.write(end('once '))
  await ana.sync()
  const copy = await world.keepCopy()
  const token = await tokenOf('ana', { stories: { [STORY]: 'write' } })
  const page = openProvider(KEPT_URL, ROOM, {
    token,
    offline: keyValue(ana.items),
    ports: { openSocket: (url, protocols) => openSocket(url.replace(KEPT_URL, world.collab()), protocols) },
  })
  await untilSynced(page)
  page.doc.getText('text').insert(5, 'upon ')
  await untilSaved(page)
  await page.destroy()
  await world.goBack(copy, true)
  await ana.sync()
  expect(textOf(await foldOf(world.store, ROOM))).toBe('once upon ')
  await world.stop()
})

it('a seq alone tells no row: whoever names no more is compared', { timeout: 120_000 }, async () => {
  const world = await start()
  const [ana, ben] = [world.device('ana'), world.device('ben')]
  await ana.write(end('once '))
  await ana.sync()
  const copy = await world.keepCopy()
  const doc = new Y.Doc()
  Y.applyUpdate(doc, Buffer.from((await world.ask({ pages: {} })).update, 'base64'))
  doc.getText('text').insert(5, 'lost ')
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  const stateVector = base64(Y.encodeStateVector(doc))
  const brought = { stateVector, update: base64(Y.encodeStateAsUpdate(doc)) }
  expect(await world.ask({ pages: { p: brought } })).toMatchObject({ seq: 2 })
  await world.goBack(copy, true)
  await ben.write(end('there '))
  await ben.sync()
  expect(await world.ask({ pages: { p: { stateVector, seq: 2 } } })).toMatchObject({ error: { code: 'gap' } })
  const answer = await world.ask({ pages: { p: brought } })
  expect(answer.seq).toBe(3)
  Y.applyUpdate(doc, Buffer.from(answer.update, 'base64'))
  expect(textOf(doc)).toBe(textOf(await foldOf(world.store, ROOM)))
  for (const word of ['once ', 'lost ', 'there ']) expect(textOf(doc)).toContain(word)
  await world.stop()
})
