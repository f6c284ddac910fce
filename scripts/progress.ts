/** One line of progress on a terminal: how much is done, how fast, how long it will take. */
import type { Contents } from '../server/log/archive/bundle.ts'
import { counted } from '../shared/counted.ts'

export interface ProgressLine {
  /** Shows `done` of `total`. */
  show(done: number, total: number, note: string): void
  /** Clears the line. */
  end(): void
}

const WIDTH = 30
/** A terminal need not be written to more often. */
const PAUSE_MS = 100

/** On anything but a terminal it says nothing. */
export const progressLine = (stream: NodeJS.WriteStream, unit: string): ProgressLine => {
  if (!stream.isTTY) return { show: () => undefined, end: () => undefined }
  const started = performance.now()
  let shown = Number.NEGATIVE_INFINITY
  return {
    show: (done, total, note) => {
      const now = performance.now()
      if (now - shown < PAUSE_MS && done < total) return
      shown = now
      const seconds = (now - started) / 1000
      const rate = done / Math.max(seconds, 0.001)
      const left = rate > 0 ? durationOf((total - done) / rate) : '?'
      const filled = total === 0 ? WIDTH : Math.round((WIDTH * done) / total)
      const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`
      stream.write(
        `\r\x1b[K${bar} ${done}/${total} ${unit}  ${rate.toFixed(rate < 10 ? 1 : 0)}/s  ${left} left  ${note}`,
      )
    },
    end: () => void stream.write('\r\x1b[K'),
  }
}

/** Seconds as people say them. */
export const durationOf = (seconds: number): string => {
  if (seconds < 60) return `${Math.ceil(seconds)} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`
}

/** Bytes as people say them. */
export const bytesOf = (bytes: number): string => {
  if (bytes < 10_000) return `${bytes} B`
  if (bytes < 10_000_000) return `${(bytes / 1000).toFixed(0)} kB`
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** What a story as files holds, as people say it. */
export const contentsInWords = ({ pages, versions, pictures, bytes }: Contents): string => {
  const more = pictures === 0 ? '' : ` and ${counted(pictures, 'picture')}`
  const first = `${counted(pages, 'page')}${pictures === 0 ? ' and' : ','} ${counted(versions, 'version')}`
  return `${first}${more} (${bytesOf(bytes)})`
}
