/** What a keystroke costs an app: the provider beside y-websocket, in this process, against one service. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import type { SocketLike } from '../../../shared/provider/ports.ts'
import { connect } from '../../../shared/provider/provider.ts'
import { releasing } from '../releasing.ts'
import { serviceTarget } from '../targets/service.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const KEYSTROKES = 2000
const ROUNDS = 7
/** Typed before, by several people, in words. */
const WRITERS = 40
const WORDS = 100
const MOST_TIMES = 2
const WAIT_MS = 20_000

/** A client that types into `doc`. */
interface Typist {
  readonly doc: Y.Doc
  /** All that was typed is where it goes. */
  isSettled(): boolean
  leave(): unknown
}

type Open = (base: string, page: string, doc: Y.Doc) => Typist

const CLIENTS: Readonly<Record<string, Open>> = {
  // What Yjs and the timer cost by themselves.
  'no provider': (_base, _page, doc) => ({ doc, isSettled: () => true, leave: () => undefined }),
  'y-websocket': (base, page, doc) => {
    const provider = new WebsocketProvider(base, page, doc, {
      WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
      disableBc: true,
    })
    return {
      doc,
      isSettled: () => provider.synced && provider.ws?.bufferedAmount === 0,
      leave: () => provider.destroy(),
    }
  },
  'scriptorium/provider': (base, name, doc) => {
    const [story = '', page = ''] = name.split('/')
    const openSocket = (url: string, protocols: string[]) => new WebSocket(url, protocols) as unknown as SocketLike
    const provider = connect({ url: base, story, page, doc, ports: { openSocket } })
    return {
      doc,
      isSettled: () => provider.synced && provider.state.saved.state === 'saved',
      leave: () => provider.destroy(),
    }
  },
}

/** Runs the suite. @returns 0, or 1 when the provider costs more than it may */
export const run = async (): Promise<number> => {
  return releasing(async (releases) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'scriptorium-bench-'))
    releases.push(() => rm(dataDir, { recursive: true, force: true }))
    const target = serviceTarget({ database: null, dataDir, stock: false })
    const { endpoint } = await target.start(releases, { inspected: false, keeps: false })
    const costs = new Map(Object.keys(CLIENTS).map((name) => [name, [] as number[]]))
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [name, open] of Object.entries(CLIENTS)) {
        const cost = await costOf(open(endpoint.base, `bench/${round}-${name.length}`, typedBefore()))
        // The first round warms up.
        if (round > 0) costs.get(name)?.push(cost)
      }
    }
    return report(costs)
  })
}

const typedBefore = (): Y.Doc => {
  const doc = new Y.Doc()
  for (let writer = 0; writer < WRITERS; writer++) {
    const theirs = new Y.Doc()
    Y.applyUpdate(theirs, Y.encodeStateAsUpdate(doc))
    for (let word = 0; word < WORDS; word++) theirs.getText('text').insert(0, `word${word} `)
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(theirs))
  }
  return doc
}

/** @returns µs of CPU of this process for a keystroke, its acknowledgement included */
const costOf = async (typist: Typist): Promise<number> => {
  await settled(typist)
  const text = typist.doc.getText('text')
  const before = process.cpuUsage()
  for (let key = 0; key < KEYSTROKES; key++) {
    text.insert(text.length, 'x')
    await soon(1)
  }
  await settled(typist)
  const { user, system } = process.cpuUsage(before)
  await typist.leave()
  typist.doc.destroy()
  return (user + system) / KEYSTROKES
}

const soon = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const settled = async (typist: Typist): Promise<void> => {
  const deadline = performance.now() + WAIT_MS
  while (!typist.isSettled()) {
    if (performance.now() > deadline) throw new Error('what was typed did not arrive')
    await soon(5)
  }
}

const middle = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[values.length >> 1] ?? 0

const report = (costs: ReadonlyMap<string, readonly number[]>): number => {
  const bare = middle(costs.get('no provider') ?? [])
  say(`\nA keystroke in a page of ${WRITERS} writers: µs of CPU, ${KEYSTROKES} keystrokes, middle of ${ROUNDS} rounds`)
  for (const [name, values] of costs) {
    const [least = 0, ...others] = [...values].sort((one, other) => one - other)
    const cost = middle(values)
    say(
      `  ${name.padEnd(22)}${cost.toFixed(1).padStart(8)} (${least.toFixed(1)} to ${(others.at(-1) ?? least).toFixed(1)})` +
        `${(cost - bare).toFixed(1).padStart(8)} above Yjs alone`,
    )
  }
  const own = middle(costs.get('scriptorium/provider') ?? []) - bare
  const times = own / (middle(costs.get('y-websocket') ?? []) - bare)
  const reached = times <= MOST_TIMES
  say(
    `  ${reached ? ' ' : '!'} the provider costs ${times.toFixed(2)} times what y-websocket costs (at most ${MOST_TIMES})`,
  )
  return reached ? 0 : 1
}
