/** A job's result whose buffers are moved to the caller, not copied. */
export class HandedOver<T> {
  readonly value: T
  /** Buffers that nothing in the thread uses afterwards. */
  readonly buffers: readonly ArrayBuffer[]

  constructor(value: T, buffers: readonly ArrayBuffer[]) {
    this.value = value
    this.buffers = buffers
  }
}
