/** Devices on a random network: nothing is lost, and no light is green before the commit. */
import { describe, expect, it } from 'vitest'
import { pageAsText, untilEqual } from '../support/equal.ts'
import { leaveOut } from '../support/left-out.ts'
import { untilSaved } from '../support/provider.ts'
import { type Random, randomFrom, seededRandom } from '../support/random.ts'
import { AT_FULL_SPEED } from '../support/service.ts'
import { sharedService } from '../support/shared-service.ts'
import { isFull } from '../support/size.ts'
import { foldOf } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { turns } from '../support/until.ts'
import { Device, type Held, lackOf } from './device.ts'

const RUNS = Number(process.env.SCRIPTORIUM_RUNS ?? (isFull ? 10 : 2))
const EDITS = 120
/** Tokens end while they are in use. */
const TOKEN_SECONDS = 2

if (RUNS < 100) leaveOut(`provider: ${RUNS} runs of a random network instead of 100: npm run prove -- network`)

describe('devices on a random network', () => {
  const shared = sharedService({ ...AT_FULL_SPEED, ...TOKEN_ENV })

  /** @returns how often a light that turned green was compared with the database */
  const run = async (random: Random): Promise<number> => {
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
        token: () => tokenOf(name, { stories: { [story]: 'write' }, ttl: TOKEN_SECONDS }),
        random,
        green,
      })
    const devices = [await start('ana'), await start('ben'), await start('eve')]
    for (let edit = 0; edit < EDITS; edit++) {
      const device = random.pick(devices)
      await device.write()
      if (random.chance(0.15)) await random.pick(devices).mishap()
      await turns(1 + random.below(5))
      if (random.chance(0.1)) await new Promise((resolve) => setTimeout(resolve, random.below(40)))
    }
    for (const device of devices) device.recover()
    const tabs = devices.flatMap((device) => device.tabs)
    await Promise.all(tabs.map((tab) => untilSaved(tab, 40_000))).catch((e) => {
      console.log(JSON.stringify(tabs.map((t) => t.state)))
      throw e
    })
    await untilEqual(tabs.map(({ doc }) => doc))
    await Promise.all(looks)
    expect(faults).toEqual([])
    const stored = await foldOf(store, room)
    const [one] = tabs as [(typeof tabs)[0]]
    expect(pageAsText(stored)).toBe(pageAsText(one.doc))
    for (const id of devices.flatMap(({ written }) => written)) expect(stored.getMap('written').has(id)).toBe(true)
    for (const device of devices) await device.closeAll()
    return looks.length
  }

  it(`lose nothing, and are green only when all is committed (${RUNS} runs)`, {
    timeout: 60_000 + RUNS * 20_000,
  }, async () => {
    const { seed } = seededRandom()
    let looks = 0
    for (let n = 0; n < RUNS; n++) {
      try {
        looks += await run(randomFrom(seed + n))
      } catch (error) {
        process.stderr.write(`this run alone: SEED=${seed + n} SCRIPTORIUM_RUNS=1\n`)
        throw error
      }
    }
    process.stdout.write(`${RUNS} runs from seed ${seed}: ${looks} green lights compared with the database\n`)
    expect(looks).toBeGreaterThan(RUNS)
  })
})
