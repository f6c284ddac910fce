/** S3, S6 and the memory of an idle room: what it costs to have pages and connections open. */
import type { Releases } from '../../../server/release.ts'
import type { FillJob, FillResult, HoldJob, Stage } from '../load/jobs.ts'
import { runLoad } from '../load-process.ts'
import { runMetered } from '../metered-run.ts'
import { cpuMs, residentBytes } from '../proc.ts'
import type { Column, RunContext, Scenario } from '../scenario.ts'
import type { Started } from '../targets/target.ts'
import { sized } from './sizes.ts'

interface Reading {
  /** Reachable JavaScript memory after a collection. */
  readonly live: number
  readonly resident: number
  /** CPU time when the work before was done, and after the collection that followed. */
  readonly cpuMsBefore: number
  readonly cpuMsAfter: number
}

interface HoldShape {
  readonly rooms: number
  readonly clientsPerRoom: number
  /** Bytes of each page, written by an earlier process so that each is opened cold; 0: pages are new. */
  readonly pageBytes: number
  /** Whether all are in one room first, so that what a room costs beside its member can be told. */
  readonly oneRoomFirst: boolean
  /** Waited before the idle time: after all have come, and after the look at the heap, a collector still works for a while. */
  readonly settleSeconds?: number
  /** Measured while nothing happens. */
  readonly idleSeconds?: number
}

interface Held {
  readonly pageBytes: number
  readonly readings: ReadonlyMap<Stage, Reading>
  readonly idleShare: number | null
}

/** Pages are written by an earlier process, so that the one that is weighed has loaded them. */
const write = async (
  { target, options, prefix }: RunContext,
  shape: HoldShape,
  releases: Releases,
): Promise<number> => {
  const { endpoint, stop } = await target.start(releases, { inspected: false, keeps: true })
  const job: FillJob = {
    kind: 'fill',
    endpoint,
    prefix,
    seed: options.seed,
    rooms: shape.rooms + 1,
    page: { bytes: shape.pageBytes },
  }
  const { bytes } = await runLoad<FillResult>(job, releases)
  await stop()
  await target.settle?.(releases)
  return bytes
}

const hold = async (context: RunContext, shape: HoldShape, releases: Releases): Promise<Held> => {
  const pageBytes = shape.pageBytes === 0 ? 0 : await write(context, shape, releases)
  const readings = new Map<Stage, Reading>()
  const { cost } = await runMetered<null>(context, releases, {
    weighs: true,
    keeps: shape.pageBytes > 0,
    ...(shape.oneRoomFirst ? { profiled: ['one-room', 'own-rooms'] as const } : {}),
    job: (endpoint): HoldJob => ({
      kind: 'hold',
      endpoint,
      prefix: context.prefix,
      seed: context.options.seed,
      rooms: shape.rooms,
      clientsPerRoom: shape.clientsPerRoom,
      page: shape.pageBytes === 0 ? null : { bytes: shape.pageBytes },
      oneRoomFirst: shape.oneRoomFirst,
      settleSeconds: shape.settleSeconds ?? 0,
      idleSeconds: shape.idleSeconds ?? 0,
    }),
    onStage: async (stage, started) => {
      if (stage !== 'measure' && stage !== 'measured') readings.set(stage, await read(started))
    },
  })
  return {
    pageBytes,
    readings,
    idleShare: cost.serverMs === null ? null : cost.serverMs / cost.seconds / 10,
  }
}

/** Rooms of a size, each with so many members, weighed as a whole: a run for the model. */
export const holdScenario = (fullRooms: number, clientsPerRoom: number, kilobytes: number): Scenario => ({
  name: `hold-${fullRooms}x${clientsPerRoom}-${kilobytes}`,
  title: `${fullRooms} open rooms of ${kilobytes} kB, ${clientsPerRoom} members in each`,
  needs: 'stores',
  columns: [
    { key: 'liveMb', title: 'live memory', unit: 'MB' },
    { key: 'residentMb', title: 'RSS', unit: 'MB' },
  ],
  run: async (context, releases) => {
    const rooms = sized(fullRooms, context.options)
    const shape = {
      rooms,
      clientsPerRoom,
      pageBytes: kilobytes * 1000,
      oneRoomFirst: false,
    }
    const held = await hold(context, shape, releases)
    const [empty, full] = [at(held, 'ready'), at(held, 'own-rooms')]
    const liveBytes = full.live - empty.live
    return {
      values: {
        rooms,
        connections: rooms * clientsPerRoom,
        pageBytes: held.pageBytes,
        liveBytes,
        liveMb: liveBytes / 1e6,
        residentMb: known((full.resident - empty.resident) / 1e6),
      },
    }
  },
})

const read = async ({ pid, inspector }: Started): Promise<Reading> => {
  const cpuMsBefore = cpuMs(pid) ?? Number.NaN
  const live = (await inspector?.liveBytes()) ?? Number.NaN
  return { live, resident: residentBytes(pid) ?? Number.NaN, cpuMsBefore, cpuMsAfter: cpuMs(pid) ?? Number.NaN }
}

const at = ({ readings }: Held, stage: Stage): Reading => {
  const reading = readings.get(stage)
  if (reading === undefined) throw new Error(`nothing was weighed at '${stage}'`)
  return reading
}

/** NaN comes of what this system does not tell. */
const known = (value: number): number | null => (Number.isNaN(value) ? null : value)

const roomColumns = (limits: {
  readonly room?: number
  readonly beyond?: number
  readonly open?: number
}): Column[] => [
  { key: 'page', title: 'page', unit: 'kB' },
  {
    key: 'roomResident',
    title: 'room and its member, RSS',
    unit: 'kB',
    ...(limits.room === undefined ? {} : { most: limits.room }),
  },
  { key: 'room', title: 'room alone, live', unit: 'kB' },
  { key: 'beyond', title: 'beyond bytes', unit: 'kB', ...(limits.beyond === undefined ? {} : { most: limits.beyond }) },
  { key: 'open', title: 'cold open', unit: 'ms CPU', ...(limits.open === undefined ? {} : { most: limits.open }) },
  { key: 'socket', title: 'socket, live', unit: 'kB' },
  { key: 'socketResident', title: 'socket RSS', unit: 'kB' },
]

const rooms = async (context: RunContext, shape: HoldShape, releases: Releases) => {
  const held = await hold(context, shape, releases)
  const [empty, oneRoom, ownRooms] = [at(held, 'ready'), at(held, 'one-room'), at(held, 'own-rooms')]
  const each = (amount: number) => amount / shape.rooms
  const kb = (bytes: number) => each(bytes) / 1000
  const socket = kb(oneRoom.live - empty.live)
  const room = kb(ownRooms.live - oneRoom.live) - socket
  const socketResident = kb(oneRoom.resident - empty.resident)
  return {
    values: {
      page: held.pageBytes / 1000,
      room,
      beyond: room - held.pageBytes / 1000,
      roomResident: known(kb(ownRooms.resident - oneRoom.resident)),
      open: known(each(ownRooms.cpuMsBefore - oneRoom.cpuMsAfter)),
      socket,
      socketResident: known(socketResident),
    },
  }
}

export const memory: Scenario = {
  name: 'memory',
  title: 'Idle open rooms: memory a room, its socket taken off',
  needs: null,
  columns: roomColumns({ beyond: 4 }),
  run: (context, releases) => {
    const count = sized(context.options.rooms, context.options)
    const shape = {
      rooms: count,
      clientsPerRoom: 1,
      pageBytes: 20_000,
      oneRoomFirst: true,
    }
    return rooms(context, shape, releases)
  },
}

export const s3: Scenario = {
  name: 's3',
  title: 'S3 2,000 open rooms of 57 kB, one member in each, each opened cold',
  needs: 'stores',
  columns: roomColumns({ room: 65, open: 0.8 }),
  run: (context, releases) => {
    const count = sized(2000, context.options)
    const shape = {
      rooms: count,
      clientsPerRoom: 1,
      pageBytes: 57_000,
      oneRoomFirst: true,
    }
    return rooms(context, shape, releases)
  },
}

export const s6: Scenario = {
  name: 's6',
  title: 'S6 10,000 idle connections in 5,000 rooms',
  needs: 'relays',
  columns: [
    { key: 'connectionResident', title: 'connection RSS', unit: 'kB', most: 6 },
    { key: 'connection', title: 'connection, live', unit: 'kB' },
    { key: 'idle', title: 'idle CPU', unit: '% core', most: 0.7 },
    { key: 'open', title: 'to connect', unit: 'ms CPU' },
  ],
  run: async (context, releases) => {
    const count = sized(5000, context.options)
    const [settleSeconds, idleSeconds] = context.options.quick ? [0, 2] : [30, 30]
    const shape = {
      rooms: count,
      clientsPerRoom: 2,
      pageBytes: 0,
      settleSeconds,
      idleSeconds,
      oneRoomFirst: false,
    }
    const held = await hold(context, shape, releases)
    const [empty, full] = [at(held, 'ready'), at(held, 'own-rooms')]
    const each = (amount: number) => amount / (count * shape.clientsPerRoom)
    return {
      values: {
        connection: each(full.live - empty.live) / 1000,
        connectionResident: known(each(full.resident - empty.resident) / 1000),
        idle: held.idleShare,
        open: known(each(full.cpuMsBefore - empty.cpuMsAfter)),
      },
    }
  },
}
