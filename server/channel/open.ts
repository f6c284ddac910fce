/** Which channel the settings name. */
import type { OpenSession } from '../database/port.ts'
import { memoryChannel } from './memory.ts'
import type { Channel, ChannelParts } from './port.ts'
import { PostgresChannel } from './postgres.ts'
import { RedisChannel } from './redis.ts'
import { loadRedis } from './redis-line.ts'

export type ChannelChoice =
  | { readonly kind: 'memory' }
  | { readonly kind: 'auto' | 'postgres'; readonly openSession: OpenSession }
  | { readonly kind: 'redis'; readonly url: string }

/** Sees to it that the channel can be made. @throws Error that says what is missing */
export const prepareChannel = async (choice: ChannelChoice): Promise<void> => {
  if (choice.kind === 'redis') await loadRedis()
}

/** Makes the channel; it connects when it is opened. */
export const createChannel = (choice: ChannelChoice, parts: ChannelParts): Channel => {
  switch (choice.kind) {
    case 'memory':
      return memoryChannel()
    case 'auto':
    case 'postgres':
      return new PostgresChannel(parts, choice.openSession)
    case 'redis':
      return new RedisChannel(parts, choice.url)
    default:
      return choice satisfies never
  }
}
