/**
 * The least a relay can do with ws: what one member of a room sends, the others get. It keeps nothing. With ANSWERS set
 * it also does what nobody can do without who acknowledges and keeps clients connected: it answers each edit with its
 * number, sends every member something before stock clients take half a minute of silence for a lost connection, and
 * pings them every other time, to know who is gone.
 */
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const SYNC = 0
const STEP_1 = 0
const SAVED = 4
/** Presence of nobody. */
const SIGN_OF_LIFE = Uint8Array.of(1, 1, 0)
const SIGN_MS = 28_000
const answers = Boolean(process.env.ANSWERS)
const rooms = new Map()
const server = createServer()

const saved = (n) => {
  const bytes = [SAVED]
  for (; n >= 128; n = Math.floor(n / 128)) bytes.push(128 | (n % 128))
  return Uint8Array.from([...bytes, n])
}

const sockets = new WebSocketServer({ server, perMessageDeflate: false, clientTracking: false })

sockets.on('connection', (socket, request) => {
  const members = rooms.get(request.url) ?? new Set()
  rooms.set(request.url, members.add(socket))
  let edits = 0
  socket.on('message', (data) => {
    for (const member of members) if (member !== socket) member.send(data)
    if (answers && data[0] === SYNC && data[1] !== STEP_1) socket.send(saved(++edits))
  })
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    members.delete(socket)
    if (members.size === 0) rooms.delete(request.url)
  })
})
let signs = 0
if (answers) {
  setInterval(() => {
    signs++
    for (const members of rooms.values()) {
      for (const member of members) {
        member.send(SIGN_OF_LIFE)
        if (signs % 2 === 0) member.ping()
      }
    }
  }, SIGN_MS)
}
server.listen(Number(process.env.PORT), '127.0.0.1', 4096, () => {
  process.stdout.write(`serves ws://127.0.0.1:${server.address().port}\n`)
})
