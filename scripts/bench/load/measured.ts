/** The figures of one run of typing. */
import { Histogram } from './histogram.ts'
import type { TypingResult } from './jobs.ts'

/** What is measured over the measured seconds: those in which an update was sent. */
export class Measured {
  from = Number.POSITIVE_INFINITY
  to = Number.POSITIVE_INFINITY
  failure: Error | null = null
  readonly #saved = new Histogram()
  readonly #relayed = new Histogram()
  readonly #presence = new Histogram()
  readonly #stored = new Histogram()
  readonly #late = new Histogram()
  #sent = 0
  #savedInTime = 0
  #deliveredInTime = 0
  #framesInTime = 0
  #presenceInTime = 0

  fail(error: Error): void {
    this.failure ??= error
  }

  onSent(at: number, late: number): void {
    if (!this.counts(at)) return
    this.#sent++
    this.#late.add(late)
  }

  onSaved(sentAt: number, at: number): void {
    if (this.counts(sentAt)) this.#saved.add(at - sentAt)
    if (this.counts(at)) this.#savedInTime++
  }

  onDelivered(sentAt: number, at: number): void {
    if (this.counts(sentAt)) this.#relayed.add(at - sentAt)
    if (this.counts(at)) this.#deliveredInTime++
  }

  /** A message brought updates, one or several merged. */
  onFrame(at: number): void {
    if (this.counts(at)) this.#framesInTime++
  }

  onStored(sentAt: number, at: number): void {
    if (this.counts(sentAt)) this.#stored.add(at - sentAt)
  }

  onPresence(sentAt: number, at: number): void {
    if (this.counts(sentAt)) this.#presence.add(at - sentAt)
    if (this.counts(at)) this.#presenceInTime++
  }

  counts(at: number): boolean {
    return at >= this.from && at < this.to
  }

  result(acknowledges: boolean): Omit<TypingResult, 'typed'> {
    const seconds = (this.to - this.from) / 1000
    return {
      seconds,
      saved: this.#saved.summary(),
      relayed: this.#relayed.summary(),
      presence: this.#presence.summary(),
      stored: this.#stored.summary(),
      sent: this.#sent,
      savedInTime: acknowledges ? this.#savedInTime : null,
      delivered: this.#deliveredInTime,
      frames: this.#framesInTime,
      presenceDelivered: this.#presenceInTime,
      lateP99: this.#late.percentile(0.99),
    }
  }
}
