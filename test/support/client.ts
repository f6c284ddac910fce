/** A light client of `scriptorium.v1`: keeps its page, numbers its messages, knows what is saved. */
import * as decoding from 'lib0/decoding'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import {
  type MemberState,
  Message,
  SUBPROTOCOL,
  Sync,
  syncMessage,
  TOKEN_PREFIX,
  tokenMessage,
} from '../../shared/protocol.ts'
import { until } from './until.ts'

export interface Refusal {
  readonly n: number
  readonly code: string
  readonly reason: string
}
export interface Closing {
  readonly code: number
  readonly reason: string
}

export class Client {
  readonly doc: Y.Doc
  readonly room: string
  readonly states: MemberState[] = []
  readonly refusals: Refusal[] = []
  readonly closings: Closing[] = []
  /** Frames from the service, in order: `sync 0`, `saved 3`, … */
  readonly heard: string[] = []
  /** Labels of edits the service has promised to keep. */
  readonly acknowledged = new Set<string>()
  /** Number of the last message sent on this socket, and the highest settled. */
  sent = 0
  saved = 0
  isSynced = false
  /** Whether the service has asked, on this socket, for what this client has. */
  #wasAsked = false
  readonly #query: string
  /** Offered beside the subprotocol at each opening. */
  token: string
  #url: string
  #socket: WebSocket | null = null
  #parts: Uint8Array[] = []
  /** Labels of edits not acknowledged, with the message that carries them. */
  readonly #pending = new Map<string, number>()

  constructor(collab: string, room: string, { doc = new Y.Doc(), user = '', token = '' } = {}) {
    this.doc = doc
    this.room = room
    this.token = token
    this.#query = user === '' ? '' : `?user=${encodeURIComponent(user)}`
    this.#url = `${collab}/${room}${this.#query}`
    doc.on('update', this.#onUpdate)
    onTestFinished(() => this.disconnect())
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN
  }

  /** Whether all that it holds was asked for on this socket, and everything sent there is settled. */
  get isSettled(): boolean {
    return this.isOpen && this.#wasAsked && this.saved === this.sent
  }

  /** Opens a socket. @param collab where the service is now */
  connect(collab?: string): void {
    if (collab !== undefined) this.#url = `${collab}/${this.room}${this.#query}`
    this.disconnect()
    const socket = new WebSocket(this.#url, [
      SUBPROTOCOL,
      ...(this.token === '' ? [] : [`${TOKEN_PREFIX}${this.token}`]),
    ])
    this.#socket = socket
    this.sent = this.saved = 0
    this.refusals.length = 0
    this.#parts = []
    this.isSynced = this.#wasAsked = false
    for (const label of this.#pending.keys()) this.#pending.set(label, Number.POSITIVE_INFINITY)
    socket.on('open', () => this.sendStep1())
    socket.on('message', (frame: Buffer) => {
      if (socket === this.#socket) this.#hear(frame)
    })
    socket.on('error', () => socket.terminate())
    socket.on('close', (code, reason) => {
      if (socket !== this.#socket) return
      this.#socket = null
      this.closings.push({ code, reason: reason.toString() })
    })
  }

  /** Gives a fresh token on the open socket. */
  sendToken(token: string): void {
    this.sendRaw(tokenMessage(token))
  }

  /** Cuts the socket; the page stays. */
  disconnect(): void {
    const socket = this.#socket
    this.#socket = null
    socket?.terminate()
  }

  async synced(): Promise<void> {
    await until(`a client to be synced with ${this.room}`, () => this.isSynced)
  }

  /** Resolves once everything it sent is settled. */
  async settled(withinMs = 20_000): Promise<void> {
    await until(`messages up to ${this.sent} of ${this.room} to be settled`, () => this.isSettled, { withinMs })
  }

  /** Changes the page; `label` is acknowledged once the service says that this is saved. */
  edit(label: string, change: (doc: Y.Doc) => void): void {
    this.#pending.set(label, Number.POSITIVE_INFINITY)
    this.doc.transact(() => change(this.doc))
    if (this.isOpen) this.#pending.set(label, this.sent)
  }

  sendStep1(): void {
    this.sendRaw(syncMessage(Sync.step1, Y.encodeStateVector(this.doc)))
  }

  /** Sends an update as a message of its own. @returns its number */
  sendUpdate(update: Uint8Array, kind: typeof Sync.step2 | typeof Sync.update = Sync.update): number {
    this.sendRaw(syncMessage(kind, update))
    return ++this.sent
  }

  sendRaw(frame: Uint8Array | string): void {
    this.#socket?.send(frame)
  }

  readonly #onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin !== this && this.isOpen) this.sendUpdate(update)
  }

  #hear(frame: Buffer): void {
    const decoder = decoding.createDecoder(frame)
    const type = decoding.readVarUint(decoder)
    switch (type) {
      case Message.sync:
        return this.#hearSync(decoding.readVarUint(decoder), decoding.readVarUint8Array(decoder))
      case Message.saved:
        return this.#hearSaved(decoding.readVarUint(decoder))
      case Message.refused: {
        const refusal = {
          n: decoding.readVarUint(decoder),
          code: decoding.readVarString(decoder),
          reason: decoding.readVarString(decoder),
        }
        this.refusals.push(refusal)
        this.heard.push(`refused ${refusal.n}`)
        return
      }
      case Message.state:
        this.states.push(JSON.parse(decoding.readVarString(decoder)))
        this.heard.push('state')
        return
      case Message.part:
        this.heard.push('part')
        return this.#hearPart(decoding.readVarUint(decoder), decoding.readVarUint8Array(decoder))
      default:
        this.heard.push(`type ${type}`)
    }
  }

  #hearSync(kind: number, body: Uint8Array): void {
    this.heard.push(`sync ${kind}`)
    if (kind === Sync.step1) {
      this.#wasAsked = true
      const n = this.sendUpdate(Y.encodeStateAsUpdate(this.doc, body), Sync.step2)
      // It holds all that was typed before, also what came too early and was refused as a gap.
      for (const label of this.#pending.keys()) this.#pending.set(label, n)
      return
    }
    Y.applyUpdate(this.doc, body, this)
    if (kind === Sync.step2) this.isSynced = true
  }

  /** A large first sync is applied once it is whole. */
  #hearPart(total: number, bytes: Uint8Array): void {
    this.#parts.push(bytes.slice())
    if (this.#parts.reduce((sum, part) => sum + part.length, 0) < total) return
    Y.applyUpdate(this.doc, Buffer.concat(this.#parts.splice(0)), this)
  }

  #hearSaved(n: number): void {
    this.heard.push(`saved ${n}`)
    this.saved = n
    const refused = new Set(this.refusals.map((refusal) => refusal.n))
    for (const [label, carrier] of this.#pending) {
      if (carrier > n || refused.has(carrier)) continue
      this.#pending.delete(label)
      this.acknowledged.add(label)
    }
  }
}

/** Opens a client and waits until it is synced. */
export const connectClient = async (
  collab: string,
  room: string,
  options: { readonly doc?: Y.Doc; readonly user?: string; readonly token?: string } = {},
): Promise<Client> => {
  const client = new Client(collab, room, options)
  client.connect()
  await client.synced()
  return client
}
