/** The figures of one replay. */
import { Histogram } from './histogram.ts'
import type { ReplayJob, ReplayResult } from './jobs.ts'

/** What is measured over the measured seconds: those in which an update was sent. */
export class Measured {
  from = Number.POSITIVE_INFINITY
  to = Number.POSITIVE_INFINITY
  failure: Error | null = null
  readonly #saved = new Histogram()
  readonly #relayed = new Histogram()
  readonly #late = new Histogram()
  readonly #acknowledges: boolean
  #sent = 0
  #savedInTime = 0
  #deliveredInTime = 0

  constructor(job: ReplayJob) {
    this.#acknowledges = job.endpoint.acknowledges
  }

  onSent(at: number, late: number): void {
    if (!this.#counts(at)) return
    this.#sent++
    this.#late.add(late)
  }

  onSaved(sentAt: number, at: number): void {
    if (this.#counts(sentAt)) this.#saved.add(at - sentAt)
    if (this.#counts(at)) this.#savedInTime++
  }

  onDelivered(sentAt: number, at: number): void {
    if (this.#counts(sentAt)) this.#relayed.add(at - sentAt)
    if (this.#counts(at)) this.#deliveredInTime++
  }

  result(checkedRooms: number): ReplayResult {
    const seconds = (this.to - this.from) / 1000
    return {
      saved: this.#saved.summary(),
      relayed: this.#relayed.summary(),
      sentPerSecond: this.#sent / seconds,
      savedPerSecond: this.#acknowledges ? this.#savedInTime / seconds : null,
      deliveredPerSecond: this.#deliveredInTime / seconds,
      lateP99: this.#late.percentile(0.99),
      checkedRooms,
    }
  }

  #counts(at: number): boolean {
    return at >= this.from && at < this.to
  }
}
