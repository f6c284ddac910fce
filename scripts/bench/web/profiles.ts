/** The phones and networks that the editor is measured on, as Chromium plays them. */

/** Fields of `Network.emulateNetworkConditions`: milliseconds added to each answer, bytes a second. */
export interface Network {
  readonly name: string
  readonly latency: number
  readonly downloadThroughput: number
  readonly uploadThroughput: number
}

const bytesOf = (megabits: number): number => (megabits * 1_000_000) / 8

/** The first is what Chromium's tools call Fast 4G; the second what Lighthouse takes for a phone. */
export const NETWORKS: readonly Network[] = [
  { name: 'fast 4G', latency: 165, downloadThroughput: bytesOf(8.1), uploadThroughput: bytesOf(1.35) },
  { name: 'slow 4G', latency: 150, downloadThroughput: bytesOf(1.6), uploadThroughput: bytesOf(0.75) },
]

/** How many times slower than this machine the phone is. */
export const CPU_RATE = 4

export const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 }
