/** @y/websocket-server as its own program runs it; with KEEP_IN set, pages are files there, so that a page can be opened cold. */
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setPersistence, setupWSConnection } from '@y/websocket-server/utils'
import WebSocket from 'ws'
import * as Y from 'yjs'

const folder = process.env.KEEP_IN
const pathOf = (name) => join(folder, encodeURIComponent(name))

if (folder) {
  setPersistence({
    provider: null,
    bindState: async (name, doc) => {
      const state = await readFile(pathOf(name)).catch((error) => {
        if (error.code !== 'ENOENT') throw error
        return null
      })
      if (state !== null) Y.applyUpdate(doc, state)
    },
    writeState: (name, doc) => writeFile(pathOf(name), Y.encodeStateAsUpdate(doc)),
  })
}

const server = createServer()
const sockets = new WebSocket.Server({ noServer: true })
sockets.on('connection', setupWSConnection)
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit('connection', opened, request))
})
server.listen(Number(process.env.PORT), '127.0.0.1', 4096, () => {
  process.stdout.write(`serves ws://127.0.0.1:${server.address().port}\n`)
})
