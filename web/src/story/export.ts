/** The story as a file, made by the service. */
import { ask } from '../device/api.ts'
import { pathOf } from '../device/path.ts'
import { say } from '../ui/toast.tsx'
import { words } from '../words/words.ts'
import { saveAs } from './download.ts'
import { openPrint, printIn } from './print.ts'

const ENDS = { epub: 'epub', html: 'html', markdown: 'zip' } as const

export type Format = keyof typeof ENDS

/** Fetches the story with the caller’s token, which no address may hold, and saves it as a file. */
export const takeAway = async (story: string, title: string, format: Format): Promise<void> => {
  try {
    const answer = await exported(story, format)
    saveAs(await answer.blob(), nameIn(answer) ?? `${title || story}.${ENDS[format]}`)
  } catch (error) {
    say({ text: words.failed((error as Error).message) })
  }
}

/** Shows the story as pages, to be printed. */
export const print = async (story: string): Promise<void> => {
  let view: Window | null = null
  try {
    view = openPrint(words.opening)
    await printIn(view, await (await exported(story, 'print')).text())
  } catch (error) {
    view?.close()
    say({ text: words.failed((error as Error).message) })
  }
}

const exported = (story: string, format: Format | 'print'): Promise<Response> =>
  ask(story, `${pathOf(story)}/export`, { query: { format } })

const nameIn = (answer: Response): string | undefined => {
  const disposition = answer.headers.get('content-disposition') ?? ''
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1]
  return encoded === undefined ? /filename="([^"]+)"/.exec(disposition)?.[1] : decodeURIComponent(encoded)
}
