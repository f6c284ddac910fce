/** The least a relay can do with ws: what one member of a room sends, the others get. It keeps nothing. */
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const rooms = new Map()
const server = createServer()
const sockets = new WebSocketServer({ server, perMessageDeflate: false, clientTracking: false })

sockets.on('connection', (socket, request) => {
  const members = rooms.get(request.url) ?? new Set()
  rooms.set(request.url, members.add(socket))
  socket.on('message', (data) => {
    for (const member of members) if (member !== socket) member.send(data)
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
