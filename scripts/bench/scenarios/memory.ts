/** What an open room that nobody types in holds in memory, beyond its bytes. */
import { Releases } from '../../../server/release.ts'
import type { FillJob, FillResult, HoldJob } from '../load/jobs.ts'
import { runLoad } from '../load-process.ts'
import { residentBytes } from '../proc.ts'
import type { Column, Figures, RunContext, Scenario } from '../scenario.ts'

const PAGE_BYTES = 20_000
const ALLOWED_KB = 4

const columns = (): Column[] => [
  { key: 'page', title: 'page', unit: 'kB' },
  { key: 'room', title: 'room', unit: 'kB' },
  { key: 'beyond', title: 'beyond bytes', unit: 'kB', most: ALLOWED_KB },
  { key: 'roomResident', title: 'room RSS', unit: 'kB' },
  { key: 'socket', title: 'socket', unit: 'kB' },
  { key: 'socketResident', title: 'socket RSS', unit: 'kB' },
]

interface Reading {
  /** Reachable JavaScript memory after a collection. */
  readonly live: number
  readonly resident: number | null
}

export const idleRooms: Scenario = {
  name: 'memory',
  title: 'Idle open rooms: memory a room, its socket taken off',
  withPeers: false,
  columns,
  run: async (context) => {
    const releases = new Releases()
    try {
      const page = await write(context, releases)
      return await weigh(context, page, releases)
    } finally {
      await releases.run()
    }
  },
}

/** Pages are written by an earlier process, so that the one that is weighed has loaded them. */
const write = async ({ target, options, prefix }: RunContext, releases: Releases): Promise<number> => {
  const { endpoint, stop } = await target.start(releases, false)
  const job: FillJob = {
    kind: 'fill',
    endpoint,
    prefix,
    rooms: options.rooms + 1,
    bytes: PAGE_BYTES,
    seed: options.seed,
  }
  const { bytes } = await runLoad<FillResult>(job, releases)
  await stop()
  return bytes
}

const weigh = async ({ target, options, prefix }: RunContext, page: number, releases: Releases): Promise<Figures> => {
  const { pid, endpoint, inspector } = await target.start(releases, true)
  if (inspector === null) throw new Error('the inspector is needed to measure memory')
  const readings: Reading[] = []
  const job: HoldJob = { kind: 'hold', endpoint, prefix, rooms: options.rooms }
  await runLoad<null>(job, releases, async () => {
    const live = await inspector.liveBytes()
    readings.push({ live, resident: residentBytes(pid) })
  })
  const [empty, oneRoom, ownRooms] = readings
  if (empty === undefined || oneRoom === undefined || ownRooms === undefined) throw new Error('not all was weighed')
  const kb = (bytes: number) => bytes / options.rooms / 1000
  const socket = kb(oneRoom.live - empty.live)
  const room = kb(ownRooms.live - oneRoom.live) - socket
  const socketResident = residentKb(empty, oneRoom, kb)
  const bothResident = residentKb(oneRoom, ownRooms, kb)
  return {
    page: page / 1000,
    room,
    beyond: room - page / 1000,
    roomResident: socketResident === null || bothResident === null ? null : bothResident - socketResident,
    socket,
    socketResident,
  }
}

const residentKb = (from: Reading, to: Reading, kb: (bytes: number) => number): number | null =>
  from.resident === null || to.resident === null ? null : kb(to.resident - from.resident)
