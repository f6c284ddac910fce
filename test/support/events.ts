/** Server-sent events as they come. */
import { onTestFinished } from 'vitest'

export interface Told {
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: a test says by what it expects what an event holds
  readonly data: any
}

export interface Events {
  readonly status: number
  /** Everything that came so far. */
  readonly all: readonly Told[]
  readonly isEnded: () => boolean
  close(): void
}

/** Listens until the test ends. */
export const listenTo = async (url: string, headers: Record<string, string> = {}): Promise<Events> => {
  const closing = new AbortController()
  onTestFinished(() => closing.abort())
  const answer = await fetch(url, { headers, signal: closing.signal })
  const all: Told[] = []
  let ended = false
  const read = async () => {
    let text = ''
    for await (const piece of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += piece
      const events = text.split('\n\n')
      text = events.pop() ?? ''
      for (const each of events) {
        const event = /^event: (.*)$/m.exec(each)?.[1]
        const data = /^data: (.*)$/m.exec(each)?.[1]
        if (event !== undefined && data !== undefined) all.push({ event, data: JSON.parse(data) })
      }
    }
  }
  void read()
    .catch(() => undefined)
    .finally(() => {
      ended = true
    })
  return { status: answer.status, all, isEnded: () => ended, close: () => closing.abort() }
}
