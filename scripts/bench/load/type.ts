/** Typing into rooms, at a fixed rate or as fast as it is settled, and what comes back. */
import { seededRandom } from '../random.ts'
import { checkAfresh, mustEqual } from './fresh-client.ts'
import type { Reach, TypingJob, TypingResult } from './jobs.ts'
import { Measured } from './measured.ts'
import { pace } from './pace.ts'
import { inParallel } from './parallel.ts'
import { Room } from './room.ts'
import { watchStorage } from './storage.ts'
import { typingSource } from './traces.ts'
import { typeRoom } from './typing.ts'
import { sleep, until } from './until.ts'

const JOINS_AT_ONCE = 50
const CALM_MS = 500

/** @throws Error when anything is refused, lost, or reads differently in a fresh client at the end */
export const type = async (job: TypingJob, reach: Reach): Promise<TypingResult> => {
  const measured = new Measured()
  const rooms = makeRooms(job, measured)
  try {
    await inParallel(rooms.length, JOINS_AT_ONCE, (index) => at(rooms, index).open())
    await until(
      // Of those who came before, a relay tells nothing until they move.
      () => rooms.every((room) => (job.endpoint.dialect === 'relay' ? room.missingEdits : room.missing) === null),
      () => measured.failure,
      () => describeMissing(rooms),
    )
    await sleep(CALM_MS)
    const watch = job.looksAtStorage ? watchStorage(job.endpoint, rooms) : null
    await run(job, rooms, measured, reach)
    await until(
      () => rooms.every((room) => room.missing === null),
      () => measured.failure,
      () => describeMissing(rooms),
    )
    await watch?.untilAllIsThere()
  } finally {
    for (const room of rooms) room.close()
  }
  await check(job, rooms)
  return {
    ...measured.result(job.endpoint.dialect === 'scriptorium'),
    typed: typingSource(),
  }
}

const at = (rooms: readonly Room[], index: number): Room => {
  const room = rooms[index]
  if (room === undefined) throw new Error(`no room ${index}`)
  return room
}

const makeRooms = (job: TypingJob, measured: Measured): Room[] => {
  const random = seededRandom(job.seed)
  const { endpoint } = job
  return Array.from({ length: job.rooms }, (_, index) => {
    const room = `${job.prefix}-${index}`
    const script = typeRoom({ dialect: endpoint.dialect, room }, job.writersPerRoom, job.edits, random)
    const settings = { clients: job.clientsPerRoom, presence: job.presence }
    return new Room({ endpoint, room }, script, settings, measured, random)
  })
}

const run = async (job: TypingJob, rooms: readonly Room[], measured: Measured, reach: Reach): Promise<void> => {
  const isOver = () => measured.failure !== null || performance.now() >= measured.to
  const marks = (async () => {
    await sleep(job.warmupSeconds * 1000)
    measured.from = performance.now()
    await reach('measure')
  })()
  const work = [typeAll(job, rooms, measured, isOver), moveAll(job, rooms, isOver)]
  const over = sleep((job.warmupSeconds + job.seconds) * 1000)
  await Promise.race([Promise.all([...work, over]), over])
  measured.to = Math.min(measured.to, performance.now())
  await marks
  if (measured.to <= measured.from)
    throw new Error('all that was prepared was typed before the measuring began: prepare more')
  await reach('measured')
  await Promise.all(work)
  if (measured.failure !== null) throw measured.failure
}

const typeAll = async (
  job: TypingJob,
  rooms: readonly Room[],
  measured: Measured,
  isOver: () => boolean,
): Promise<void> => {
  if ('outstanding' in job.pace) return typeInWindows(job, job.pace.outstanding, rooms, measured, isOver)
  const writers = rooms.length * job.writersPerRoom
  const total = Math.floor(job.pace.rate * (job.warmupSeconds + job.seconds))
  // Writer after writer, room after room: two of one room are as far apart as can be.
  return pace(
    job.pace.rate,
    total,
    (index, now, late) => {
      const slot = index % writers
      at(rooms, slot % rooms.length).send(Math.floor(slot / rooms.length), 1, now)
      measured.onSent(now, late)
    },
    isOver,
  )
}

/** Each writer sends whenever fewer than `most` of its edits are outstanding. */
const typeInWindows = async (
  job: TypingJob,
  most: number,
  rooms: readonly Room[],
  measured: Measured,
  isOver: () => boolean,
): Promise<void> => {
  const fill = (room: Room, writer: number) => {
    const count = Math.min(most - room.outstanding(writer), room.left(writer))
    if (count <= 0 || isOver()) return
    const now = performance.now()
    room.send(writer, count, now)
    for (let sent = 0; sent < count; sent++) measured.onSent(now, 0)
  }
  for (const room of rooms) room.onProgress = (writer) => fill(room, writer)
  for (const room of rooms) for (let writer = 0; writer < job.writersPerRoom; writer++) fill(room, writer)
  while (!isOver()) {
    await sleep(1)
    if (rooms.every((room) => room.left(0) === 0)) measured.to = Math.min(measured.to, performance.now())
  }
}

const moveAll = async (job: TypingJob, rooms: readonly Room[], isOver: () => boolean): Promise<void> => {
  if (job.presence === null) return
  const people = job.clientsPerRoom
  const rate = people * rooms.length * job.presence.hz
  const total = Math.floor(rate * (job.warmupSeconds + job.seconds))
  return pace(
    rate,
    total,
    (index, now) => at(rooms, index % rooms.length).move(Math.floor(index / rooms.length) % people, now),
    isOver,
  )
}

const check = async (job: TypingJob, rooms: readonly Room[]): Promise<void> => {
  if (job.endpoint.dialect === 'relay') {
    for (const room of rooms) mustEqual(room.name, room.seenText(), room.typedText())
    return
  }
  await checkAfresh(
    job.endpoint,
    rooms.map((room) => ({ room: room.name, text: () => room.typedText() })),
  )
}

const describeMissing = (rooms: readonly Room[]): string => {
  const unsettled = rooms.filter((room) => room.missing !== null)
  return `${unsettled.length} rooms still lack something, the first: ${unsettled[0]?.missing}`
}
