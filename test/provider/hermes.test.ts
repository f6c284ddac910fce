/**
 * The provider in Hermes, the engine of React Native, against the real service. Hermes alone has no sockets: it is run
 * again and again with all that the service has said so far, says all that it sends, and what is new of that is sent.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { SUBPROTOCOL } from '../../shared/protocol.ts'
import type { PageState } from '../../shared/provider/provider.ts'
import { bundle } from '../support/bundle.ts'
import { leaveOut } from '../support/left-out.ts'
import { startService, temporaryFolder } from '../support/service.ts'
import { readAfresh } from '../support/stock.ts'
import { anyPostgres } from '../support/stores.ts'

/** A folder with hermes-engine-cli and Babel, which apps of React Native are built with. */
const folder = process.env.SCRIPTORIUM_HERMES
if (folder === undefined) leaveOut('the provider in Hermes: npm run prove -- hermes (it fetches 150 MB)')

const MOST_ROUNDS = 40
const QUIET_MS = 150

interface Babel {
  transformSync(code: string, options: unknown): { readonly code: string }
}

/** The bundle as Metro would hand it to Hermes 0.12, which knows no classes. */
const forHermes = async (from: string): Promise<string> => {
  const require = createRequire(join(from, 'package.json'))
  const { transformSync } = require('@babel/core') as Babel
  const presets = [[require.resolve('@babel/preset-env'), { targets: 'ie 11', modules: false }]]
  const code = await bundle('shared/provider/provider.ts', { format: 'iife', name: 'provider' })
  return transformSync(code, { presets, compact: false, babelrc: false, configFile: false, sourceType: 'script' }).code
}

/** What React Native has beside Hermes, as far as the provider needs it; its luck is the same each time. */
const SURROUNDINGS = `
var sent = [], socket = null, luck = 7, later = setTimeout
var hex = function (bytes) { return Array.prototype.map.call(bytes, function (b) { return (b + 256).toString(16).slice(1) }).join('') }
var unhex = function (text) { return new Uint8Array(text.match(/../g).map(function (b) { return parseInt(b, 16) })).buffer }
globalThis.crypto = { getRandomValues: function (into) { for (var i = 0; i < into.length; i++) into[i] = luck = (luck * 1103515245 + 12345) >>> 0; return into } }
globalThis.setTimeout = globalThis.setInterval = function () { return 0 }
globalThis.clearTimeout = globalThis.clearInterval = function () {}
globalThis.WebSocket = function () { socket = this; this.readyState = 0; this.bufferedAmount = 0 }
WebSocket.prototype.send = function (frame) { sent.push(hex(frame)) }
WebSocket.prototype.close = function () {}
`
const APP = (heard: readonly string[]) => `
var page = provider.connect({ url: 'ws://hermes/collab', story: 's1', page: 'hermes' })
var isWritten = false
later(function () {
  socket.readyState = 1
  socket.onopen();
  ${JSON.stringify(heard)}.forEach(function (frame) {
    socket.onmessage({ data: unhex(frame) })
    if (!page.synced || isWritten) return
    isWritten = true
    page.doc.getText('text').insert(0, 'written in Hermes')
  })
  print('SAID ' + JSON.stringify({ sent: sent, state: page.state }))
}, 0)
`

describe.skipIf(folder === undefined)('the provider in Hermes', { timeout: 120_000 }, () => {
  it('opens a page, writes, and says saved when it is', async () => {
    const from = folder as string
    const service = await startService((await anyPostgres().open()).env)
    const code = await forHermes(from)
    const script = join(temporaryFolder('hermes'), 'app.js')
    const run = (heard: readonly string[]): { readonly sent: string[]; readonly state: PageState } => {
      writeFileSync(script, `${SURROUNDINGS}${code}${APP(heard)}`)
      const hermes = join(from, 'node_modules/hermes-engine-cli/linux64-bin/hermes')
      const said = execFileSync(hermes, ['-w', script], { encoding: 'utf8', maxBuffer: 1 << 24 })
      return JSON.parse(/^SAID (.*)$/m.exec(said)?.[1] ?? 'null')
    }
    const socket = new WebSocket(`${service.collab}/s1/hermes`, [SUBPROTOCOL])
    onTestFinished(() => socket.terminate())
    const heard: string[] = []
    socket.on('message', (frame: Buffer) => heard.push(frame.toString('hex')))
    await new Promise((resolve) => socket.once('open', resolve))
    let sentAlready = 0
    const states: string[] = []
    for (let round = 0; round < MOST_ROUNDS && states.at(-1) !== 'saved'; round++) {
      const { sent, state } = run([...heard])
      if (state.synced) states.push(state.saved.state)
      for (const frame of sent.slice(sentAlready)) socket.send(Buffer.from(frame, 'hex'))
      sentAlready = sent.length
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS))
    }
    expect(states.at(0)).toBe('sent')
    expect(states.at(-1)).toBe('saved')
    expect((await readAfresh(service.collab, 's1/hermes')).getText('text').toString()).toBe('written in Hermes')
  })
})
