/** Devices on a random network: nothing is lost, and no light is green before the commit. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { Provider } from '../../shared/provider/provider.ts'
import { pageAsText, untilEqual } from '../support/equal.ts'
import { leaveOut } from '../support/left-out.ts'
import { untilSaved } from '../support/provider.ts'
import { type Random, randomFrom, seededRandom } from '../support/random.ts'
import { AT_FULL_SPEED } from '../support/service.ts'
import { sharedService } from '../support/shared-service.ts'
import { isFull } from '../support/size.ts'
import { foldOf } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { turns, until } from '../support/until.ts'
import { Device, type Held, lackOf } from './device.ts'

const RUNS = Number(process.env.SCRIPTORIUM_RUNS ?? (isFull ? 10 : 2))
const EDITS = 120
/** Tokens end while they are in use, within a run. */
const TOKEN_SECONDS = 2
/** Between two edits, at most: lights turn green, tokens end, clocks go on. */
const PAUSE_MS = 60
/** From a commit to the light. */
const GREEN_WITHIN_MS = 1000
const NO_DELETES = Y.mergeDeleteSets([])
/** Runs after which it is told how far it is. */
const TOLD_RUNS = 10

const MORE = isFull ? '' : ' (10: npm run test:full)'
if (RUNS < 100) leaveOut(`provider: ${RUNS} runs of a random network instead of 100: npm run prove -- network${MORE}`)

describe('devices on a random network', () => {
  const shared = sharedService({ ...AT_FULL_SPEED, ...TOKEN_ENV })

  /** @returns how often a light that turned green was compared with the database, and the ms of the slowest light */
  const run = async (random: Random): Promise<{ looks: number; slowest: number }> => {
    const { store, service } = shared()
    const story = `network-${random.seed}`
    const room = `${story}/p1`
    const faults: string[] = []
    const looks: Promise<void>[] = []
    let isLooking = false
    const green = (held: Held) => {
      if (isLooking) return
      isLooking = true
      const look = async () => {
        const lack = lackOf(await foldOf(store, room), held)
        if (lack !== null) faults.push(lack)
        isLooking = false
      }
      looks.push(look())
    }
    const start = (name: string) =>
      Device.start({
        name,
        port: Number(new URL(service.address).port),
        story,
        token: (isEnded) =>
          tokenOf(name, { stories: { [story]: 'write' }, ttl: isEnded ? -TOKEN_SECONDS : TOKEN_SECONDS }),
        random,
        green,
      })
    const devices = [await start('ana'), await start('ben'), await start('eve')]
    for (let edit = 0; edit < EDITS; edit++) {
      const device = random.pick(devices)
      await device.write()
      if (random.chance(0.15)) await random.pick(devices).mishap()
      await turns(1 + random.below(5))
      if (random.chance(0.7)) await new Promise((resolve) => setTimeout(resolve, random.below(PAUSE_MS)))
    }
    for (const device of devices) device.recover()
    const tabs = devices.flatMap((device) => device.tabs)
    await Promise.all(tabs.map((tab) => untilSaved(tab, 40_000))).catch((error: unknown) => {
      process.stderr.write(`${JSON.stringify(tabs.map(({ state }) => state))}\n`)
      throw error
    })
    const lags: number[] = []
    for (const tab of tabs) lags.push(await lagOf(tab, room))
    await untilEqual(tabs.map(({ doc }) => doc))
    await Promise.all(looks)
    expect(faults).toEqual([])
    const stored = await foldOf(store, room)
    const [one] = tabs as [(typeof tabs)[0]]
    expect(pageAsText(stored)).toBe(pageAsText(one.doc))
    for (const id of devices.flatMap(({ written }) => written)) expect(stored.getMap('written').has(id)).toBe(true)
    for (const device of devices) await device.closeAll()
    return { looks: looks.length, slowest: Math.max(...lags) }
  }

  /** Writes a word, of which the light must tell in time. @returns ms from the begin of its transaction to the light, at most */
  const lagOf = async (tab: Provider, room: string): Promise<number> => {
    const { doc } = tab
    doc.getMap('last').set(`${doc.clientID}`, 1)
    const held = { vector: new Map([[doc.clientID, Y.getState(doc.store, doc.clientID)]]), deletes: NO_DELETES }
    await until('the commit', async () => lackOf(await foldOf(shared().store, room), held) === null)
    await untilSaved(tab, GREEN_WITHIN_MS)
    const [row] = await shared().store.query<{ ms: number }>(
      `SELECT extract(epoch FROM clock_timestamp() - max(at)) * 1000 AS ms
       FROM scriptorium.update WHERE room_id = $1`,
      [room],
    )
    return Number(row?.ms)
  }

  it(`lose nothing, and are green only when all is committed (${RUNS} runs)`, {
    timeout: 60_000 + RUNS * 20_000,
  }, async () => {
    const { seed } = seededRandom()
    const began = performance.now()
    let looks = 0
    let slowest = 0
    for (let n = 0; n < RUNS; n++) {
      try {
        const seen = await run(randomFrom(seed + n))
        looks += seen.looks
        slowest = Math.max(slowest, seen.slowest)
      } catch (error) {
        process.stderr.write(`this run alone: SEED=${seed + n} SCRIPTORIUM_RUNS=1\n`)
        throw error
      }
      if ((n + 1) % TOLD_RUNS > 0) continue
      const seconds = Math.round((performance.now() - began) / 1000)
      process.stdout.write(`${n + 1} of ${RUNS} runs, ${seconds} s, ${looks} green lights\n`)
    }
    process.stdout.write(
      `${RUNS} runs from seed ${seed}: ${looks} green lights compared with the database, ` +
        `the slowest on a quiet network at most ${Math.round(slowest)} ms after its transaction began\n`,
    )
    expect(looks).toBeGreaterThan(RUNS)
  })
})
