/** What is not taken becomes a state, with the text still there. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { keyValue } from '../../shared/provider/key-value.ts'
import { call } from '../support/api.ts'
import { memoryStore } from '../support/key-values.ts'
import { openProvider, untilSaved, untilSynced } from '../support/provider.ts'
import { sharedService } from '../support/shared-service.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const write = (doc: Y.Doc, words: string): void => doc.getText('text').insert(doc.getText('text').length, words)
const textOf = (doc: Y.Doc): string => doc.getText('text').toString()

const shared = sharedService(TOKEN_ENV)
let pages = 0

/** A page of its own, with a word on it. */
const start = async () => {
  const { service } = shared()
  const page = `p${++pages}`
  const room = `s1/${page}`
  const manager = await tokenOf('ana', { stories: { s1: 'manage' } })
  const author = openProvider(service.collab, room, { token: manager })
  await untilSynced(author)
  write(author.doc, 'once ')
  await untilSaved(author)
  const manage = (method: string, path: string, body?: Record<string, unknown>) =>
    call(service.address, method, `/stories/s1/pages/${page}${path}`, { token: manager, ...(body && { body }) })
  return { service, room, manager, author, manage }
}

describe('a provider whose words are not taken', { timeout: 60_000 }, () => {
  it('keeps them while the page is frozen, and brings them when it is thawed', async () => {
    const { service, room, manage } = await start()
    const provider = openProvider(service.collab, room, {
      token: () => tokenOf('ben', { stories: { s1: 'write' } }),
    })
    await untilSynced(provider)
    await manage('PUT', '/freeze', { reason: 'proofs' })
    await until('it to be read-only', () => provider.state.readOnly)
    expect(provider.state.readOnly).toContain('proofs')
    write(provider.doc, 'upon ')
    await until('the refusal', () => provider.state.refused)
    expect(provider.state.refused?.code).toBe('frozen')
    expect(provider.state.saved).toMatchObject({ state: 'on this device', count: 5 })
    expect(textOf(provider.doc)).toBe('once upon ')
    await manage('DELETE', '/freeze')
    await untilSaved(provider)
    expect(provider.state).toMatchObject({ readOnly: null, refused: null })
  })

  it('keeps a copy, is refused again, and drops the change for the page as it is', async () => {
    const { service, room, author } = await start()
    const token = await tokenOf('eve', { stories: { s1: 'read' } })
    const provider = openProvider(service.collab, room, { token })
    await untilSynced(provider)
    expect(provider.state.readOnly).not.toBeNull()
    expect(provider.state.saved.state).toBe('saved')
    write(provider.doc, 'mine')
    await until('the refusal', () => provider.state.refused?.code === 'read-only')
    provider.tryAgain()
    expect(provider.state.refused).toBeNull()
    await until('the refusal', () => provider.state.refused?.code === 'read-only')
    const copy = new Y.Doc()
    Y.applyUpdate(copy, provider.keepCopy())
    expect(textOf(copy)).toBe('once mine')
    const docs: Y.Doc[] = []
    provider.on('doc', (doc) => docs.push(doc))
    const [fresh] = await Promise.all([provider.dropChange(), provider.dropChange()])
    expect(provider.doc).toBe(fresh)
    // Asked twice, it is done once.
    expect(docs).toEqual([fresh])
    await untilSaved(provider)
    expect(textOf(fresh)).toBe('once ')
    expect(provider.state.refused).toBeNull()
    write(author.doc, 'upon ')
    await until('it to follow', () => textOf(fresh) === 'once upon ')
  })

  it('keeps it, and goes on, when the device cannot forget what was to be dropped', async () => {
    const { service, room } = await start()
    const store = memoryStore()
    const token = await tokenOf('eve', { stories: { s1: 'read' } })
    const open = () => openProvider(service.collab, room, { token, offline: keyValue(store) })
    const provider = open()
    await untilSynced(provider)
    write(provider.doc, 'mine ')
    await until('the refusal', () => provider.state.refused?.code === 'read-only')
    const { doc } = provider
    store.removalFault = 'the disk is broken'
    store.fault = 'the disk is broken'
    const drop = provider.dropChange()
    write(doc, 'meanwhile ')
    await expect(drop).rejects.toThrow('the disk is broken')
    expect(provider.state).toMatchObject({ storageFault: 'the disk is broken', saved: { state: 'on this device' } })
    expect(provider.doc).toBe(doc)
    expect(textOf(doc)).toBe('once mine meanwhile ')
    await until('it to be refused again', () => provider.state.refused !== null && provider.synced)
    // It can be written to again, and what was removed in part is there again.
    store.fault = null
    write(doc, 'later ')
    await until('it to be kept', () => provider.state.storageFault === null)
    await expect(provider.dropChange()).rejects.toThrow('the disk is broken')
    await provider.destroy()
    const next = open()
    await next.whenLoaded
    expect(textOf(next.doc)).toBe('once mine meanwhile later ')
    store.removalFault = null
    const fresh = await next.dropChange()
    await untilSaved(next)
    expect(textOf(fresh)).toBe('once ')
  })

  it('stops at a deleted page with what it holds, and opens it again when it is back', async () => {
    const { author, manage } = await start()
    expect((await manage('DELETE', '')).status).toBeLessThan(300)
    await until('the refusal', () => author.state.refused?.code === 'deleted')
    expect(author.state.connection).toBe('denied')
    write(author.doc, 'upon ')
    expect(author.state.saved.state).toBe('on this device')
    await manage('POST', '/undelete')
    author.tryAgain()
    await untilSaved(author)
    expect(textOf(author.doc)).toBe('once upon ')
  })

  it('follows a restore that it was not there for', async () => {
    const { service, room, manager, author, manage } = await start()
    const held = openProvider(service.collab, room, { token: manager })
    await untilSynced(held)
    held.disconnect()
    const named = await manage('POST', '/versions', { label: 'one' })
    write(author.doc, 'upon ')
    await untilSaved(author)
    const { status } = await manage('POST', '/restore', { version: named.body.id })
    expect(status).toBe(200)
    held.connect()
    await untilSaved(held)
    await until('both to hold the restored page', () => textOf(held.doc) === 'once ' && textOf(author.doc) === 'once ')
  })
})

describe('a provider and its token', { timeout: 60_000 }, () => {
  it('asks once more when it is not taken, and no more', async () => {
    const { service, room } = await start()
    let asked = 0
    const denied = openProvider(service.collab, room, {
      token: () => {
        asked++
        return 'not-a-token'
      },
    })
    await until('it to give up', () => denied.state.connection === 'denied')
    expect(asked).toBe(2)
    expect(denied.state.refused?.code).toBe('denied')
    const good = await tokenOf('ben', { stories: { s1: 'write' } })
    const tokens = ['not-a-token', good]
    const provider = openProvider(service.collab, room, { token: () => tokens.shift() ?? good })
    await untilSynced(provider)
  })

  it('renews it on the open socket before it ends', async () => {
    const { service, room } = await start()
    const given: string[] = []
    const provider = openProvider(service.collab, room, {
      token: async () => {
        const token = await tokenOf('ben', {
          stories: { s1: given.length === 0 ? 'read' : 'write' },
          ttl: given.length === 0 ? 3 : 600,
        })
        given.push(token)
        return token
      },
    })
    const lost: string[] = []
    provider.on('status', ({ status }) => {
      if (status === 'disconnected') lost.push(status)
    })
    await untilSynced(provider)
    expect(provider.state.readOnly).not.toBeNull()
    await until('the fresh token to count', () => provider.state.readOnly === null, { withinMs: 10_000 })
    write(provider.doc, 'upon ')
    await untilSaved(provider)
    expect(given).toHaveLength(2)
    expect(lost).toEqual([])
  })
})
