/** The service that a worker belongs to, as the worker sees it. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { FromWorker, Status, ToWorker } from './messages.ts'

/** The slice of `process` that speaks to the parent. */
export interface Channel {
  send?(message: unknown): boolean
  on(event: 'message', heard: (message: unknown, handle: unknown) => void): unknown
  on(event: 'disconnect', heard: () => void): unknown
}

export class Parent {
  /** Name of this worker's slot: whoever is in it has its rooms. */
  readonly slot: string
  readonly #channel: Channel
  #server: Server | null = null
  #status: (() => Promise<Status>) | null = null
  #live: readonly string[] = []
  #changed: () => void = () => undefined
  #ended: () => void = () => undefined

  constructor(slot: string, channel: Channel) {
    this.slot = slot
    this.#channel = channel
    channel.on('message', (message, handle) => this.#hear(message as ToWorker, handle as Socket | undefined))
  }

  /** Calls `task` when the parent wants this worker to end, or is gone. */
  onEnd(task: () => void): void {
    this.#ended = task
    this.#channel.on('disconnect', task)
  }

  /** Slots whose workers serve. */
  get live(): readonly string[] {
    return this.#live
  }

  /** Calls `task` each time other slots have workers that serve. */
  onLive(task: () => void): void {
    this.#changed = task
  }

  /** Serves the connections that the parent accepts with `server`, which listens nowhere. */
  serve(server: Server, status: () => Promise<Status>): void {
    this.#server = server
    this.#status = status
    // The parent looks at the first request of a connection only, so that has to be its last.
    server.prependListener('request', (_request, response) => response.setHeader('connection', 'close'))
    // It begins to watch for requests that do not end when it is told that it listens.
    server.emit('listening')
  }

  say(message: FromWorker): void {
    this.#channel.send?.(message)
  }

  #hear(message: ToWorker, socket: Socket | undefined): void {
    switch (message.kind) {
      case 'connection':
        // Without one it was gone before it could be given.
        if (socket === undefined) return
        socket.unshift(message.head)
        this.#server?.emit('connection', socket)
        return
      case 'status':
        void this.#status?.().then((status) => this.say({ kind: 'status', id: message.id, ...status }))
        return
      case 'live':
        this.#live = message.slots
        return this.#changed()
      case 'end':
        return this.#ended()
    }
  }
}
