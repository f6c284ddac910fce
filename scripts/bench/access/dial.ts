/** Many clients at a service's door, each with a token of its own or none. */
import { WebSocket } from 'ws'
import { mintToken } from '../../../server/access/mint.ts'

export const SECRET = 'a secret of the bench that is long enough'
const AT_ONCE = 20
const ROOMS = 200

/** A user each, as a class or a school has them. */
export const mintMany = (count: number): Promise<string[]> =>
  Promise.all(
    Array.from({ length: count }, (_, n) =>
      mintToken({
        secret: SECRET,
        issuer: null,
        audience: null,
        sub: `user ${n}`,
        name: `User ${n}`,
        isAdmin: false,
        stories: { story: 'write' },
        pages: {},
        now: Math.floor(Date.now() / 1000),
        ttl: 3600,
      }),
    ),
  )

/**
 * Opens `count` sockets, some at once, and closes each when the service has spoken, unless they are to stay.
 * @param tokens brought in turn; none: nobody brings one
 * @returns those that stay; when it resolves the others are closed on both sides
 */
export const dial = async (
  base: string,
  tokens: readonly string[],
  count: number,
  stay = false,
): Promise<WebSocket[]> => {
  const open: WebSocket[] = []
  const closed: Promise<void>[] = []
  let next = 0
  const caller = async () => {
    while (next < count) {
      const n = next++
      const token = tokens[n % Math.max(1, tokens.length)]
      const protocols = ['scriptorium.v1', ...(token === undefined ? [] : [`scriptorium.token.${token}`])]
      const socket = new WebSocket(`${base}/story/page-${n % ROOMS}`, protocols, { perMessageDeflate: false })
      await spokenTo(socket)
      if (stay) {
        open.push(socket)
        continue
      }
      closed.push(new Promise((resolve) => socket.once('close', () => resolve())))
      socket.close()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, caller))
  await Promise.all(closed)
  return open
}

/** @throws Error when the service refuses */
const spokenTo = async (socket: WebSocket): Promise<void> => {
  await new Promise<void>((resolve, reject) => {
    socket.once('message', () => resolve())
    socket.once('close', (code, reason) => reject(new Error(`refused with ${code} ${reason}`)))
    socket.once('error', reject)
  })
  socket.removeAllListeners('close')
}
