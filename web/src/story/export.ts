/** The story as a file, made by the service. */
import { addressOf, ask, pathOf } from '../device/api.ts'
import { callerFor } from '../device/caller.ts'
import { say } from '../ui/toast.tsx'
import { words } from '../words/words.ts'
import { saveAs } from './download.ts'

export type Format = 'epub' | 'html' | 'markdown' | 'print'

const ENDS: Readonly<Record<Format, string>> = { epub: 'epub', html: 'html', markdown: 'zip', print: 'html' }

/** Fetches the story with the caller’s token, which no address may hold, and saves it as a file. */
export const takeAway = async (story: string, title: string, format: Format): Promise<void> => {
  const path = `${pathOf(story)}/export`
  const caller = callerFor(story)
  if (format === 'print' && caller.token === null) {
    open(addressOf(caller, path, { format }), '_blank', 'noopener')
    return
  }
  try {
    const answer = await ask(story, path, { query: { format } })
    saveAs(await answer.blob(), nameIn(answer) ?? `${title || story}.${ENDS[format]}`)
  } catch (error) {
    say({ text: words.failed((error as Error).message) })
  }
}

const nameIn = (answer: Response): string | undefined => {
  const disposition = answer.headers.get('content-disposition') ?? ''
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1]
  return encoded === undefined ? /filename="([^"]+)"/.exec(disposition)?.[1] : decodeURIComponent(encoded)
}
