/**
 * The channel over Redis, Valkey or the like, through an optional library that is loaded only here. Each process
 * subscribes to a name of its own; where the server is a cluster that has sharded pub/sub, to one of a shard.
 */
import { Attempts } from './attempts.ts'
import type { Channel, ChannelParts, Letter } from './port.ts'
import { connectRedis, type RedisLine } from './redis-line.ts'

const NAME = 'scriptorium:'
/** A process that subscribes knows that it does once it has heard itself. */
const PROBE = new Uint8Array()
const PROBE_MS = 250
/** Whoever does not hear itself after so many attempts begins again with a new connection. */
const PROBES = 120
/** Larger updates are read from the log, which is as fast then. */
const MAX_BYTES = 256 * 1024

export class RedisChannel implements Channel {
  readonly kind = 'redis'
  readonly maxBytes = MAX_BYTES
  readonly carriesUpdates = true
  readonly #parts: ChannelParts
  readonly #url: string
  readonly #attempts: Attempts
  #line: RedisLine | null = null
  #isUp = false
  #cancelProbe: () => void = () => undefined
  #probes = 0

  constructor(parts: ChannelParts, url: string) {
    this.#parts = parts
    this.#url = url
    this.#attempts = new Attempts(parts, () => this.#begin())
  }

  get isUp(): boolean {
    return this.#isUp
  }

  open(): void {
    this.#attempts.open()
  }

  async send(letters: readonly Letter[]): Promise<number> {
    const line = this.#line
    if (line === null || !this.#isUp) return 0
    const sent = await Promise.allSettled(letters.map(({ to, message }) => line.publish(`${NAME}${to}`, message)))
    return sent.filter(({ status }) => status === 'fulfilled').length
  }

  async close(): Promise<void> {
    this.#isUp = false
    this.#cancelProbe()
    await this.#attempts.close()
    this.#line?.close()
    this.#line = null
  }

  async #begin(): Promise<void> {
    const line = await connectRedis(this.#url, {
      waitMs: () => this.#attempts.nextMs(),
      ready: () => this.#probe(),
      lost: (reason) => this.#lost(reason),
    })
    if (!this.#attempts.isOpen) return line.close()
    try {
      await line.subscribe(`${NAME}${this.#parts.nodeId}`, (message) => this.#heard(message))
    } catch (error) {
      line.close()
      throw error
    }
    this.#line = line
    this.#probe()
  }

  #heard(message: Uint8Array): void {
    if (message.length > 0) return this.#parts.heard(message)
    if (this.#isUp || !this.#attempts.isOpen) return
    this.#isUp = true
    this.#probes = 0
    this.#cancelProbe()
    this.#attempts.reset()
    this.#parts.up()
  }

  #lost(reason: string): void {
    if (!this.#attempts.isOpen) return
    this.#isUp = false
    this.#parts.down(reason)
    this.#probe()
  }

  /** Asks itself until it hears itself: a new connection has subscribed again only some time after it is ready. */
  #probe(): void {
    this.#cancelProbe()
    const line = this.#line
    if (!this.#attempts.isOpen || line === null || this.#isUp) return
    if (++this.#probes > PROBES) return this.#beginAgain(line)
    line.publish(`${NAME}${this.#parts.nodeId}`, PROBE).catch((error: unknown) => {
      this.#parts.logger.debug({ error: String(error) }, 'the channel does not hear itself yet')
    })
    this.#cancelProbe = this.#parts.clock.after(PROBE_MS, () => this.#probe())
  }

  #beginAgain(line: RedisLine): void {
    this.#probes = 0
    this.#line = null
    line.close()
    this.#attempts.now()
  }
}
