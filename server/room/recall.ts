/** Who wrote first under a clientID: the log knows, where this process does not. */
import type { Log } from '../log/port.ts'
import type { Logger } from '../ports.ts'
import type { Member } from './member.ts'
import type { Owners } from './owners.ts'
import type { Presence } from './presence.ts'

export interface RecallParts {
  readonly log: Pick<Log, 'writer'>
  readonly logger: Pick<Logger, 'debug'>
}

/** Has the log tell whose `id` is; whoever else shows themselves under it is not shown any more. */
export const recallOwner = (
  roomId: string,
  id: number,
  owners: Owners<Member>,
  presence: Presence<Member>,
  { log, logger }: RecallParts,
): void => {
  log
    .writer(roomId, id)
    .then((user) => {
      if (user !== null && owners.record(id, user)) presence.evict(id)
    })
    .catch((error: unknown) => logger.debug({ error: String(error) }, 'the owner of an id was not looked up'))
}
