/**
 * The least that a page kept in PostgreSQL can cost whoever joins it, with ws and pg: its rows are read by one statement
 * when the first one comes, and written to the socket as they are. Nothing is looked at, merged or acknowledged.
 */
import { createServer } from 'node:http'
import pg from 'pg'
import { WebSocketServer } from 'ws'

const SYNC = 0
const STEP_1 = 0
const STEP_2 = 1
const UPDATE = 2
/** Of somebody who has nothing: a step 1 with an empty state vector, a step 2 with an empty update. */
const ASK = Uint8Array.of(SYNC, STEP_1, 1, 0)
const NOTHING = Uint8Array.of(SYNC, STEP_2, 2, 0, 0)

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4 })
await pool.query('CREATE TABLE IF NOT EXISTS bare_row (name text, n bigserial, message bytea, PRIMARY KEY (name, n))')

const rooms = new Map()
const load = async (name) => {
  const { rows } = await pool.query('SELECT message FROM bare_row WHERE name = $1 ORDER BY n', [name])
  return { members: new Set(), messages: rows.map(({ message }) => message) }
}

/** What a member wrote, as the others get it; the first of a room answers a step 1. */
const keep = async (room, name, data) => {
  const message = Buffer.from(data)
  message[1] = room.messages.length === 0 ? STEP_2 : UPDATE
  room.messages.push(message)
  await pool.query('INSERT INTO bare_row (name, message) VALUES ($1, $2)', [name, message])
}

const server = createServer()
const sockets = new WebSocketServer({ server, perMessageDeflate: false, clientTracking: false })

sockets.on('connection', (socket, request) => {
  const name = request.url
  if (!rooms.has(name)) rooms.set(name, load(name))
  const opening = rooms.get(name)
  const take = async (data) => {
    const room = await opening
    room.members.add(socket)
    if (data[0] === SYNC && data[1] === STEP_1) {
      socket.send(ASK)
      if (room.messages.length === 0) socket.send(NOTHING)
      for (const message of room.messages) socket.send(message)
    } else if (data.length > NOTHING.length || data[0] !== SYNC) {
      for (const member of room.members) if (member !== socket) member.send(data)
      if (data[0] === SYNC) await keep(room, name, data)
    }
  }
  const leave = async () => {
    const room = await opening
    room.members.delete(socket)
  }
  const fail = (error) => {
    process.stderr.write(`${error.stack}\n`)
    socket.terminate()
  }
  socket.on('message', (data) => void take(data).catch(fail))
  socket.on('error', fail)
  socket.on('close', () => void leave().catch(fail))
})
server.listen(Number(process.env.PORT), '127.0.0.1', 4096, () => {
  process.stdout.write(`serves ws://127.0.0.1:${server.address().port}\n`)
})
