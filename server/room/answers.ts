/** Brings members up to date: whoever asks by a step 1, and whoever was passed over while its socket was full. */
import { Close } from '../../shared/protocol.ts'
import type { Logger } from '../ports.ts'
import type { Content } from './content.ts'
import type { Member } from './member.ts'
import type { StateVector } from './state-vector.ts'
import type { Diff, Reply } from './sync.ts'

export interface AnswersParts {
  readonly logger: Logger
  /** Compares large pages off the event loop. */
  readonly diff: Diff
}

const RETRY_MS = 2000

export class Answers {
  readonly #roomId: string
  readonly #content: Content
  readonly #parts: AnswersParts

  constructor(roomId: string, content: Content, parts: AnswersParts) {
    this.#roomId = roomId
    this.#content = content
    this.#parts = parts
  }

  /** Answers the step 1 of a member that has `stateVector`. */
  answer(member: Member, stateVector: StateVector): void {
    this.#reply(member, this.#content.answer({ stateVector, inParts: member.acknowledged }, this.#parts.diff))
  }

  /** Sends a member what came since it had `stateVector`. */
  catchUp(member: Member, stateVector: StateVector): void {
    this.#reply(member, this.#content.missed({ stateVector, inParts: false }, this.#parts.diff))
  }

  #reply(member: Member, replies: Reply[] | Promise<Reply[]>): void {
    if (!(replies instanceof Promise)) return member.sendAll(replies)
    replies.then(
      (messages) => member.sendAll(messages),
      (error: unknown) => {
        this.#parts.logger.warn({ room: this.#roomId, error: String(error) }, 'a returning client was not answered')
        member.close(Close.overloaded, 'too much to compare now', RETRY_MS)
      },
    )
  }
}
