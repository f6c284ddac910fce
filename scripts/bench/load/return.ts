/** Many that have a page, wrote on it while they were away, and come back at once. */
import * as Y from 'yjs'
import { seededRandom } from '../random.ts'
import { Deliveries, type DeliveryReader } from './deliveries.ts'
import { bring } from './fill.ts'
import { checkAfresh } from './fresh-client.ts'
import type { Reach, ReturnJob, ReturnResult } from './jobs.ts'
import { Member } from './member.ts'
import { makePage } from './pages.ts'
import { typingSource } from './traces.ts'
import { textOf, typeAlone, type Writer } from './typing.ts'
import { sleep, until } from './until.ts'
import { updateFrame } from './wire.ts'
import { CALM_MS, KEYSTROKES, typeOneByOne, updatesOf } from './worked-on.ts'

/** One client: what it wrote, and what it says when it is back. */
interface Away {
  readonly writer: Writer
  readonly stateVector: Uint8Array
  /** What it answers the server's step 1: its own edits, and as stock clients do all deletes of the page. */
  readonly answer: Uint8Array
}

/** @throws Error when somebody lacks something at the end, or a fresh client reads something else */
export const comeBack = async (job: ReturnJob, reach: Reach): Promise<ReturnResult> => {
  const { endpoint } = job
  const room = `${job.prefix}-0`
  const random = seededRandom(job.seed)
  const page = makePage(job.page, random)
  const type = (state: Uint8Array, edits: number) =>
    typeAlone(state, 0, edits, random, (update) => updateFrame(endpoint.dialect, room, update))
  const typist = type(page, KEYSTROKES)
  const left = Y.mergeUpdates([page, ...updatesOf(typist)])
  const away = Array.from({ length: job.clients }, () => leave(left, type(left, job.edits)))
  const host = await bring(endpoint, room, page)
  const members: Member[] = [host]
  let failure: Error | null = null
  const deliveries = new Deliveries(
    away.map(({ writer }) => writer),
    () => undefined,
  )
  const readers: DeliveryReader[] = away.map((_, index) => deliveries.reader(index))
  const due = away.reduce((sum, { writer }) => sum + writer.edits, 0)
  try {
    await typeOneByOne(host, typist, 0, KEYSTROKES)
    await sleep(CALM_MS)
    await reach('ready')
    await reach('measure')
    const from = performance.now()
    const joining = away.map(async ({ stateVector, answer }, index) => {
      const reader = readers[index]
      const failed = (error: Error) => {
        failure ??= error
      }
      const events = { failed, update: (update: Uint8Array, at: number) => void reader?.receive(update, at) }
      members.push(await Member.join(endpoint, room, events, { stateVector, answer }))
    })
    await Promise.all(joining)
    await until(
      () => readers.every((reader, index) => reader.received === due - (away[index]?.writer.edits ?? 0)),
      () => failure,
      () => `not everybody has all of the ${due} edits`,
    )
    const allEqualMs = performance.now() - from
    await reach('measured')
    const typed = away.flatMap(({ writer }) => updatesOf(writer))
    await checkAfresh(endpoint, [{ room, text: () => textOf([left, ...typed]) }])
    return { typed: typingSource(), pageBytes: left.length, allEqualMs }
  } finally {
    for (const member of members) member.close()
  }
}

const leave = (page: Uint8Array, writer: Writer): Away => {
  const doc = new Y.Doc()
  Y.transact(doc, () => {
    Y.applyUpdate(doc, page)
    for (let edit = 0; edit < writer.edits; edit++) Y.applyUpdate(doc, writer.frames.update(edit))
  })
  const before = Y.encodeStateVectorFromUpdate(page)
  const away = {
    writer,
    stateVector: Y.encodeStateVector(doc),
    answer: Y.encodeStateAsUpdate(doc, before),
  }
  doc.destroy()
  return away
}
