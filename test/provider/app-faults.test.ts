/** Faults of the app that uses a provider: told, and no reason to lose the page. */
import { describe, expect, it, onTestFinished } from 'vitest'
import type * as Y from 'yjs'
import { shareToken } from '../../shared/provider/share-token.ts'
import { hurried } from '../support/hurried.ts'
import { openProvider, openSocket, untilSaved, untilSynced } from '../support/provider.ts'
import { startProxy } from '../support/proxy.ts'
import { sharedService } from '../support/shared-service.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

/** How many times faster the provider's clock goes. */
const SPEED = 50
const shared = sharedService(TOKEN_ENV)
let pages = 0

const aRoom = () => `s1/faults-${++pages}`
const good = () => tokenOf('ana', { stories: { s1: 'write' } })
const write = (doc: Y.Doc, words: string): void => doc.getText('text').insert(doc.getText('text').length, words)
const textOf = (doc: Y.Doc): string => doc.getText('text').toString()

/** What nobody caught, which would end this process otherwise. */
const uncaught = (): unknown[] => {
  const errors: unknown[] = []
  const others = process.listeners('uncaughtException')
  const collect = (error: unknown) => errors.push(error)
  process.removeAllListeners('uncaughtException').on('uncaughtException', collect)
  onTestFinished(() => {
    process.off('uncaughtException', collect)
    for (const other of others) process.on('uncaughtException', other)
  })
  return errors
}

describe('a function for the token', { timeout: 60_000 }, () => {
  it('that never answers is asked again, and that is told meanwhile', async () => {
    const faults = new Set<string | null>()
    let asked = 0
    const provider = openProvider(shared().service.collab, aRoom(), {
      token: () => (++asked === 1 ? new Promise<string>(() => undefined) : good()),
      ports: hurried(SPEED),
    })
    provider.subscribe(() => faults.add(provider.state.connectFault))
    await untilSynced(provider)
    expect(asked).toBe(2)
    expect(faults).toEqual(new Set([null, 'no token was given within 30 s']))
    expect(provider.state.connectFault).toBeNull()
  })

  it('that never answers is asked again where a token is shared', async () => {
    let asked = 0
    const ports = { time: Date.now, after: hurried(SPEED).after as NonNullable<ReturnType<typeof hurried>['after']> }
    const token = shareToken(() => (++asked === 1 ? new Promise<string>(() => undefined) : 'good'), ports)
    await expect(token()).rejects.toThrow('no token')
    expect(await token()).toBe('good')
  })

  it('that fails, or gives something else, is told in words that do not hold what it gave', async () => {
    const page = '<!doctype html><title>secret</title>'
    const answers = [() => Promise.reject(new Error('logged out')), () => page]
    const provider = openProvider(shared().service.collab, aRoom(), {
      token: () => (answers.shift() ?? good)(),
      ports: hurried(SPEED),
    })
    const faults: string[] = []
    provider.subscribe(() => {
      const { connection, connectFault } = provider.state
      if (connection === 'offline' && connectFault !== null && faults.at(-1) !== connectFault) faults.push(connectFault)
    })
    write(provider.doc, 'once ')
    await untilSaved(provider)
    expect(faults).toEqual(['logged out', 'what was given as the token cannot be one'])
    expect(provider.state.connectFault).toBeNull()
  })
})

describe('code of the app that throws', { timeout: 60_000 }, () => {
  it('when it hears of others is reported as its own, and costs nobody the page', async () => {
    const errors = uncaught()
    const room = aRoom()
    const [author, reader] = [0, 1].map(() => openProvider(shared().service.collab, room, { token: good })) as [
      ReturnType<typeof openProvider>,
      ReturnType<typeof openProvider>,
    ]
    await Promise.all([untilSynced(author), untilSynced(reader)])
    const statuses: string[] = []
    reader.on('status', ({ status }) => statuses.push(status))
    reader.doc.getText('text').observe((_, { local }) => {
      if (!local) throw new Error('an observer')
    })
    reader.awareness.on('change', (_: unknown, origin: unknown) => {
      if (origin !== 'local') throw new Error('a caret')
    })
    for (const words of ['once ', 'upon ', 'a time']) {
      write(author.doc, words)
      await untilSaved(author)
    }
    author.awareness.setLocalStateField('caret', 1)
    await until('the words', () => textOf(reader.doc) === 'once upon a time')
    await until('the caret', () => reader.awareness.getStates().get(author.doc.clientID)?.caret)
    await until('both to be reported', () =>
      ['an observer', 'a caret'].every((words) => errors.some((error) => (error as Error).message === words)),
    )
    write(reader.doc, '!')
    await untilSaved(reader)
    await until('the answer', () => textOf(author.doc) === 'once upon a time!')
    expect(statuses).toEqual([])
  })

  it('when it hears of a loss does not keep the provider from coming back', async () => {
    const errors = uncaught()
    const proxy = await startProxy('127.0.0.1', Number(new URL(shared().service.address).port))
    const provider = openProvider(`ws://127.0.0.1:${proxy.port}/collab`, aRoom(), {
      token: good,
      ports: hurried(SPEED),
    })
    await untilSynced(provider)
    const stop = provider.subscribe(() => {
      throw new Error('a listener')
    })
    provider.once('status', () => {
      throw new Error('a status')
    })
    let isTold = false
    provider.subscribe(() => {
      isTold = true
    })
    proxy.cut()
    proxy.resume()
    await until('the loss', () => errors.length > 1)
    expect(isTold).toBe(true)
    stop()
    await untilSynced(provider)
    expect(new Set(errors.map((error) => (error as Error).message))).toEqual(new Set(['a listener', 'a status']))
  })
})

describe('a provider that is destroyed while it connects', { timeout: 60_000 }, () => {
  it('opens no socket when the token comes, and closes one that is not open yet', async () => {
    let opened = 0
    const sockets: ReturnType<typeof openSocket>[] = []
    const ports = {
      openSocket: (url: string, protocols: string[]) => {
        opened++
        const socket = openSocket(url, protocols)
        sockets.push(socket)
        return socket
      },
    }
    let give: (token: string) => void = () => undefined
    const asking = openProvider(shared().service.collab, aRoom(), {
      token: () =>
        new Promise((resolve) => {
          give = resolve
        }),
      ports,
    })
    await asking.destroy()
    give(await good())
    const opening = openProvider(shared().service.collab, aRoom(), { token: good, ports })
    await until('a socket', () => opened === 1)
    await opening.destroy()
    await until('it to be closed', () => sockets[0]?.readyState === 3)
    for (const { state } of [asking, opening])
      expect(state).toMatchObject({ connection: 'offline', connectFault: null })
    expect(opened).toBe(1)
  })
})
