/** Why a room ends before its members leave, and what each of them is told. */
import { Close } from '../../shared/protocol.ts'
import type { Member } from './member.ts'

export type Ending = 'deleted' | 'replaced' | 'went-back' | 'gap' | 'unstorable'

/** Closes a member of a room that ends. */
export const closeFor = (member: Pick<Member, 'close'>, why: Ending): void => {
  switch (why) {
    case 'deleted':
      return member.close(Close.deleted, 'this page was deleted')
    case 'replaced':
      return member.close(Close.restart, 'a part of this page was set aside: it must be loaded again')
    case 'went-back':
      return member.close(Close.restart, 'the database went back in time: offer your edits again')
    case 'gap':
      return member.close(Close.restart, 'the page must be loaded again')
    case 'unstorable':
      return member.close(Close.overloaded, 'the page cannot be stored now')
    default:
      why satisfies never
  }
}
