/** One worker process after another: started, given connections, asked, replaced when it dies. */
import { type ChildProcess, fork } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Clock, Counters, Logger, Random } from '../ports.ts'
import { type FromWorker, SLOT_NAME, type Status, type ToWorker } from './messages.ts'

export interface SlotParts {
  readonly name: string
  /** The environment of the worker. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly counters: Counters
  /** Told that an operator asked the worker for the end of the service. */
  readonly end: () => void
  /** Told that a worker serves. */
  readonly serves: () => void
  /** Told that a worker is gone, and of the connections that did not reach it. */
  readonly left: (undelivered: ReadonlyMap<Socket, Buffer>) => void
}

const ENTRY = fileURLToPath(new URL('./worker-process.js', import.meta.url))
const ANSWER_MS = 2000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** A worker that lived for so long is replaced at once again. */
const STEADY_MS = 60_000

type State = 'starting' | 'live' | 'away' | 'ending' | 'ended'

export class Slot {
  readonly #parts: SlotParts
  #state: State = 'starting'
  #child: ChildProcess | null = null
  #undelivered = new Map<Socket, Buffer>()
  readonly #asked = new Map<number, (status: Status | null) => void>()
  #lastAsked = 0
  #since = 0
  #pauseMs = FIRST_PAUSE_MS
  #cancelPause: () => void = () => undefined

  constructor(parts: SlotParts) {
    this.#parts = parts
  }

  get name(): string {
    return this.#parts.name
  }

  get isLive(): boolean {
    return this.#state === 'live'
  }

  /** Connections on their way to the worker. */
  get undelivered(): number {
    return this.#undelivered.size
  }

  /** Starts the first worker, and resolves when it serves. @throws Error with its reason when it ends instead */
  start(): Promise<void> {
    return this.#fork()
  }

  /** Gives a connection that nobody reads any more to the worker. */
  give(socket: Socket, head: Buffer): void {
    this.#undelivered.set(socket, head)
    this.#child?.send({ kind: 'connection', head } satisfies ToWorker, socket, {}, (error) => {
      // What was not sent is dealt with when the worker's end is known.
      if (error === null) this.#undelivered.delete(socket)
    })
  }

  /** What the worker says of itself; null: it does not answer. */
  status(): Promise<Status | null> {
    if (!this.isLive) return Promise.resolve(null)
    const id = ++this.#lastAsked
    return new Promise((resolve) => {
      const answer = (status: Status | null) => {
        cancel()
        this.#asked.delete(id)
        resolve(status)
      }
      const cancel = this.#parts.clock.after(ANSWER_MS, () => answer(null))
      this.#asked.set(id, answer)
      this.tell({ kind: 'status', id })
    })
  }

  tell(message: ToWorker): void {
    this.#child?.send(message, (error) => {
      if (error !== null) this.#parts.logger.debug({ worker: this.name, error: String(error) }, 'a worker is not told')
    })
  }

  /** Has the worker commit all and end. @returns whether it ended well */
  end(): Promise<boolean> {
    this.#cancelPause()
    const child = this.#child
    if (child === null || this.#state === 'ended') {
      this.#state = 'ended'
      return Promise.resolve(true)
    }
    this.#state = 'ending'
    return new Promise((resolve) => {
      child.once('exit', (code) => resolve(code === 0))
      this.tell({ kind: 'end' })
    })
  }

  /** Ends the worker without asking it. */
  kill(): void {
    this.#child?.kill('SIGKILL')
  }

  /** @throws Error with the reason of a worker that ends before it serves */
  #fork(): Promise<void> {
    const { clock, env, name, logger } = this.#parts
    this.#state = 'starting'
    const child = fork(ENTRY, { env: { ...env, [SLOT_NAME]: name }, serialization: 'advanced' })
    this.#child = child
    this.#since = clock.now()
    return new Promise((resolve, reject) => {
      let reason: string | null = null
      child.on('message', (message: FromWorker) => {
        if (message.kind === 'status') this.#asked.get(message.id)?.(message)
        else if (message.kind === 'failed') reason = message.reason
        else if (message.kind === 'asked to end') this.#parts.end()
        else if (this.#state === 'starting') {
          this.#state = 'live'
          this.#parts.serves()
          resolve()
        }
      })
      child.on('error', (error) => logger.error({ worker: name, error: String(error) }, 'a worker has a fault'))
      child.once('exit', (code, signal) => {
        this.#left(`worker ${child.pid} ended with ${code ?? signal}`)
        reject(new Error(reason ?? `worker ${name} ended with ${code ?? signal} before it served`))
      })
    })
  }

  #left(how: string): void {
    const before = this.#state
    this.#child = null
    this.#state = before === 'ending' ? 'ended' : 'away'
    for (const answer of [...this.#asked.values()]) answer(null)
    const undelivered = this.#undelivered
    this.#undelivered = new Map()
    this.#parts.left(undelivered)
    if (before !== 'live') return
    const { logger, clock, counters, name } = this.#parts
    logger.error({ worker: name, how }, 'a worker died and is replaced')
    counters.count('workers_replaced')
    if (clock.now() - this.#since >= STEADY_MS) this.#pauseMs = FIRST_PAUSE_MS
    this.#replaceLater()
  }

  /** Starts a worker in the place of the one that died, again and again until one serves. */
  #replaceLater(): void {
    const { clock, random, logger, name } = this.#parts
    const pause = this.#pauseMs * (0.5 + random.fraction())
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS)
    this.#cancelPause = clock.after(pause, () => {
      this.#fork().catch((error: Error) => {
        if (this.#state !== 'away') return
        logger.error({ worker: name, reason: error.message }, 'a worker could not be replaced; tried again')
        this.#replaceLater()
      })
    })
  }
}
