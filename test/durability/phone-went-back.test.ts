/** Devices without a socket, when the database is put back in time and written on until it is as far as before. */
import { describe, expect, it } from 'vitest'
import { leaveOut } from '../support/left-out.ts'
import { isFull } from '../support/size.ts'
import { foldOf } from '../support/stores.ts'
import { end, ROOM, start, textOf } from './phones.ts'

if (!isFull)
  leaveOut(
    'durability: a page that is behind what a device remembers, or past it, and one whose service runs on: npm run test:full',
  )

describe.each([...(isFull ? [['running', false] as const] : []), ['restarted', true] as const])(
  'beneath a %s service',
  (_, isRestarted) => {
    // The page is behind what the device remembers, as far, and further.
    it.each(isFull ? [0, 1, 2] : [1])(
      'what a device wrote and deleted comes again, and it hears of %i edits that came since',
      {
        timeout: 120_000,
      },
      async (since) => {
        const world = await start()
        const [ana, ben, reader] = [world.device('ana'), world.device('ben'), world.device('eve', 'read')]
        await ana.write(end('once more '))
        await ana.sync()
        const copy = await world.keepCopy()
        await ana.write((text) => {
          text.delete(5, 5)
          text.insert(5, 'upon ')
        })
        await ana.sync()
        await reader.sync()
        await world.goBack(copy, isRestarted)
        for (let n = 0; n < since; n++) {
          await ben.write(end(`${n} `))
          await ben.sync()
        }
        await reader.sync()
        await ana.sync()
        const all = ['once ', 'upon ', ...Array.from({ length: since }, (_, n) => `${n} `)]
        const text = textOf(await foldOf(world.store, ROOM))
        for (const word of all) expect(text).toContain(word)
        expect(text).not.toContain('more')
        for (const device of [ana, ben, reader]) {
          await device.sync()
          expect(await device.read()).toBe(text)
        }
        await world.stop()
      },
    )
  },
)
