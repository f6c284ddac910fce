/** No channel: for a process that is alone, and where processes shall find each other's edits by looking only. */
import type { Channel } from './port.ts'

/** A channel that carries nothing. */
export const memoryChannel = (): Channel => ({
  kind: 'memory',
  maxBytes: 0,
  carriesUpdates: false,
  isUp: false,
  open: () => undefined,
  send: async () => 0,
  close: async () => undefined,
})
