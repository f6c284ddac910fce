/** A story written by HTTP. */
import { expect, onTestFinished } from 'vitest'
import * as Y from 'yjs'
import { type Ask, pageAt, updateOf } from '../support/archive-api.ts'
import { type Environment, type Service, startService } from '../support/service.ts'

/** Starts a service, which must end well with the test. */
export const start = async (env: Environment): Promise<Service> => {
  const service = await startService(env)
  onTestFinished(() => service.stop())
  return service
}

/** Writes at the end of a page of s1. @returns its document */
export const write = async (ask: Ask, page: string, words: string, doc = new Y.Doc()): Promise<Y.Doc> => {
  const body = updateOf((d) => d.getText('t').insert(d.getText('t').length, words), doc)
  const answer = await ask(`POST /stories/s1/pages/${page}/updates?user=ana`, { body })
  expect(answer.status).toBe(200)
  return doc
}

/** What stands on a page. */
export const textOf = async (address: string, page: string, story = 's1'): Promise<string> =>
  (await pageAt(address, `/stories/${story}/pages/${page}`)).getText('t').toString()
