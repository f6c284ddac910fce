/**
 * The least a relay can do with ws: what one member of a room sends, the others get. It keeps nothing. With ANSWERS set
 * it also answers each edit with its number, as whoever acknowledges must: one more write for each.
 */
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const SYNC = 0
const STEP_1 = 0
const SAVED = 4
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
server.listen(Number(process.env.PORT), '127.0.0.1', 4096, () => {
  process.stdout.write(`serves ws://127.0.0.1:${server.address().port}\n`)
})
