/**
 * The first page of a story that this device does not keep. The HTML names this module, so that the page is asked for
 * while the app is still on its way: a phone then shows it with the editor, not after two sockets in a row.
 */
import { fragment } from '../device/fragment.ts'
import { pathOf } from '../device/path.ts'
import { takeToken, tokenFor } from '../device/tokens.ts'
import { storyInAddress } from './address.ts'
import { firstKept } from './first.ts'

export interface EarlyPage {
  readonly page: string
  /** All that the service held of it. */
  readonly update: Uint8Array
}

/** @param page null: the one that the story begins with */
const bring = async (story: string, page: string | null): Promise<EarlyPage | null> => {
  const token = tokenFor(story)
  const headers: HeadersInit = token === null ? {} : { authorization: `Bearer ${token}` }
  const path = page === null ? `${pathOf(story)}/first` : pathOf(story, page)
  const answer = await fetch(`/api/v1${path}`, { headers })
  if (answer.status === 204) return null
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}`)
  const named = decodeURIComponent(answer.headers.get('scriptorium-page') ?? '')
  return { page: page ?? named, update: new Uint8Array(await answer.arrayBuffer()) }
}

const begin = async (): Promise<EarlyPage | null> => {
  const story = storyInAddress()
  if (story === null || fragment().has('new') || firstKept(story) !== null) return null
  takeToken(story)
  try {
    return await bring(story, fragment().get('page'))
  } catch (error) {
    // What is wrong, the sockets find out too, and act on it.
    console.info('the first page did not come early:', error)
    return null
  }
}

/** Resolves with the page; null: the device keeps the story, there is none, or it does not come. */
export const earlyPage: Promise<EarlyPage | null> = begin()
