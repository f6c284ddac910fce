/** Replays typing into rooms at a fixed rate and measures what comes back. */
import { seededRandom } from '../random.ts'
import { readAfresh } from './fresh-client.ts'
import type { ReplayJob, ReplayResult, Stage } from './jobs.ts'
import { Measured } from './measured.ts'
import { Pace } from './pace.ts'
import { inParallel } from './parallel.ts'
import { ReplayRoom } from './replay-room.ts'
import { typeRoom } from './typing.ts'

const JOINS_AT_ONCE = 50
// Each provider listens for the end of the process; Node warns from 11 on.
const CHECKS_AT_ONCE = 8
const PATIENCE_MS = 30_000
const LOOK_MS = 5

/** @throws Error when anything is refused, lost, or reads differently in a fresh client at the end */
export const replay = async (job: ReplayJob, reach: (stage: Stage) => Promise<void>): Promise<ReplayResult> => {
  const measured = new Measured(job)
  const rooms = makeRooms(job, measured)
  await inParallel(rooms.length, JOINS_AT_ONCE, (index) => roomAt(rooms, index).open(job.endpoint, job.clientsPerRoom))
  await reach('ready')
  await type(job, rooms, measured, reach)
  await until(
    () => rooms.every((room) => room.isSettled),
    () => measured.failure,
    () => describeMissing(rooms),
  )
  for (const room of rooms) room.close()
  await inParallel(rooms.length, CHECKS_AT_ONCE, (index) => check(job, roomAt(rooms, index)))
  return measured.result(rooms.length)
}

const roomAt = (rooms: readonly ReplayRoom[], index: number): ReplayRoom => {
  const room = rooms[index]
  if (room === undefined) throw new Error(`no room ${index}`)
  return room
}

const makeRooms = (job: ReplayJob, measured: Measured): ReplayRoom[] => {
  const writers = job.rooms * job.writersPerRoom
  const keystrokes = Math.ceil((job.rate * (job.warmupSeconds + job.seconds)) / writers)
  const random = seededRandom(job.seed)
  return Array.from({ length: job.rooms }, (_, index) => {
    const script = typeRoom(job.writersPerRoom, keystrokes, random)
    return new ReplayRoom(`${job.prefix}-${index}`, script, measured)
  })
}

/** Writer after writer, room after room, evenly spaced: two of one room are as far apart as can be. */
const type = async (
  job: ReplayJob,
  rooms: readonly ReplayRoom[],
  measured: Measured,
  reach: (stage: Stage) => Promise<void>,
): Promise<void> => {
  const perRound = rooms.length * job.writersPerRoom
  const total = Math.floor(job.rate * (job.warmupSeconds + job.seconds))
  const stages: Promise<void>[] = []
  const pace = new Pace(job.rate, total, (index, at, late) => {
    if (measured.failure !== null) throw measured.failure
    const slot = index % perRound
    roomAt(rooms, slot % rooms.length).send(Math.floor(slot / rooms.length), Math.floor(index / perRound), at)
    measured.onSent(at, late)
  })
  pace.at(job.warmupSeconds * 1000, (at) => {
    measured.from = at
    stages.push(reach('measure'))
  })
  await pace.run()
  measured.to = performance.now()
  stages.push(reach('measured'))
  await Promise.all(stages)
}

const check = async (job: ReplayJob, room: ReplayRoom): Promise<void> => {
  const text = await readAfresh(job.endpoint.base, room.name)
  if (text === room.text) return
  throw new Error(
    `${room.name}: a fresh client reads ${text.length} characters that differ from the ${room.text.length} typed`,
  )
}

const until = async (done: () => boolean, failure: () => Error | null, missing: () => string): Promise<void> => {
  const deadline = performance.now() + PATIENCE_MS
  while (!done()) {
    const error = failure()
    if (error !== null) throw error
    if (performance.now() > deadline) throw new Error(`after ${PATIENCE_MS / 1000} s: ${missing()}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

const describeMissing = (rooms: readonly ReplayRoom[]): string => {
  const unsettled = rooms.filter((room) => !room.isSettled)
  return `${unsettled.length} rooms still lack something, the first: ${unsettled[0]?.missing}`
}
