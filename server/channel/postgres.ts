/** The channel over LISTEN and NOTIFY, on one connection of its own; each process listens to a name of its own. */
import { DatabaseError, type OpenSession, type Session } from '../database/port.ts'
import { Attempts } from './attempts.ts'
import type { Channel, ChannelParts, Letter } from './port.ts'

/** A payload must stay below 8,000 bytes, and base64 makes four of three. */
const MAX_BYTES = Math.floor(7996 / 4) * 3
const NAME = 'scriptorium_'
/** A connection over which nothing went for so long is asked whether it lives. */
const PROBE_MS = 10_000

/** What a notification tells need not outlive a crash: without the flush a commit takes a tenth of the time. */
const QUICK = 'SET synchronous_commit TO off'
const NOTIFY = 'SELECT pg_notify(name, payload) FROM unnest($1::text[], $2::text[]) AS letter (name, payload)'

export class PostgresChannel implements Channel {
  readonly kind = 'postgres'
  readonly maxBytes = MAX_BYTES
  readonly carriesUpdates = false
  readonly #parts: ChannelParts
  readonly #openSession: OpenSession
  readonly #attempts: Attempts
  #session: Session | null = null
  #cancelProbe: () => void = () => undefined

  constructor(parts: ChannelParts, openSession: OpenSession) {
    this.#parts = parts
    this.#openSession = openSession
    this.#attempts = new Attempts(parts, () => this.#begin())
  }

  get isUp(): boolean {
    return this.#session !== null
  }

  open(): void {
    this.#attempts.open()
  }

  async send(letters: readonly Letter[]): Promise<number> {
    const session = this.#session
    if (session === null) return 0
    const names = letters.map(({ to }) => `${NAME}${to}`)
    const payloads = letters.map(({ message }) => base64(message))
    try {
      await session.query(NOTIFY, [names, payloads])
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      if (!error.lost) this.#parts.logger.warn({ error: error.message }, 'notifications were not sent')
      return 0
    }
    this.#probeLater()
    return letters.length
  }

  async close(): Promise<void> {
    this.#cancelProbe()
    await this.#attempts.close()
    const session = this.#session
    this.#session = null
    await session?.close()
  }

  async #begin(): Promise<void> {
    const { nodeId, heard, up } = this.#parts
    let isLost = false
    const session = await this.#openSession({
      notified: (payload) => heard(Buffer.from(payload, 'base64')),
      lost: (reason) => {
        isLost = true
        this.#lost(reason)
      },
    })
    try {
      await session.query(QUICK)
      await session.query(`LISTEN "${NAME}${nodeId}"`)
    } catch (error) {
      await session.close()
      throw error
    }
    if (isLost) throw new Error('the connection was lost at once')
    if (!this.#attempts.isOpen) return session.close()
    this.#session = session
    this.#attempts.reset()
    this.#probeLater()
    up()
  }

  #lost(reason: string): void {
    const wasUp = this.#session !== null
    this.#session = null
    this.#cancelProbe()
    // One that is still being opened says so itself.
    if (!wasUp || !this.#attempts.isOpen) return
    this.#parts.down(reason)
    this.#attempts.later()
  }

  /** A connection that hangs is found by the answer it does not give. */
  #probeLater(): void {
    this.#cancelProbe()
    this.#cancelProbe = this.#parts.clock.after(PROBE_MS, () => {
      const session = this.#session
      if (session === null) return
      session.query('SELECT 1').then(
        () => this.#probeLater(),
        (error: unknown) => this.#parts.logger.debug({ error: String(error) }, 'the channel does not answer'),
      )
    })
  }
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
