/** One service for a file, and on it a page of a story of its own for each test, with a token for each who may come. */
import { call } from '../support/api.ts'
import { connectClient } from '../support/client.ts'
import type { Service } from '../support/service.ts'
import { sharedService } from '../support/shared-service.ts'
import type { Store } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'

export const WHO = ['nobody', 'none', 'read', 'write', 'manage', 'admin'] as const
export type Who = (typeof WHO)[number]
export const STATES = ['open', 'frozen', 'deleted'] as const
export type PageState = (typeof STATES)[number]

interface World {
  readonly store: Store
  readonly service: Service
  readonly story: string
  /** The page of the story that has the word `first`. */
  readonly room: string
  readonly tokens: Readonly<Record<Who, string>>
}

const tokensFor = async (story: string): Promise<Record<Who, string>> => {
  const of = (role: 'none' | 'read' | 'write' | 'manage') => tokenOf(role, { stories: { [story]: role } })
  const [none, read, write, manage] = await Promise.all([of('none'), of('read'), of('write'), of('manage')])
  return { nobody: '', none, read, write, manage, admin: await tokenOf('admin', { isAdmin: true }) }
}

/** For a file of tests. @returns what makes a page that is as the state says */
export const worlds = (): ((state: PageState) => Promise<World>) => {
  const shared = sharedService({ ...TOKEN_ENV, LOG_LEVEL: 'trace' })
  let count = 0
  return async (state) => {
    const { store, service } = shared()
    const story = `s${++count}`
    const room = `${story}/p`
    const tokens = await tokensFor(story)
    const author = await connectClient(service.collab, room, { token: tokens.admin })
    author.edit('first', (doc) => doc.getText('text').insert(0, 'first '))
    await author.settled()
    author.disconnect()
    const manage = (method: string, path: string) => call(service.address, method, path, { token: tokens.manage })
    if (state === 'frozen') await manage('PUT', `/stories/${story}/freeze`)
    if (state === 'deleted') await manage('DELETE', `/stories/${story}/pages/p`)
    return { store, service, story, room, tokens }
  }
}
