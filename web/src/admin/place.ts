/** Where somebody is in the console, as the address says after `#`. */
import { useEffect, useState } from 'preact/hooks'
import type { PageName } from './told.ts'

export const PARTS = ['overview', 'pages', 'compaction', 'people', 'processes', 'audit'] as const

export type Part = (typeof PARTS)[number]

export type Place = { readonly part: Part } | { readonly page: PageName }

/** The address of a page in the console. */
export const addressOf = ({ story, page }: PageName): string =>
  `#page/${encodeURIComponent(story)}/${encodeURIComponent(page)}`

const placeIn = (hash: string): Place => {
  const [part = '', story, page] = hash.slice(1).split('/')
  if (part === 'page' && story !== undefined && page !== undefined) {
    return { page: { story: decodeURIComponent(story), page: decodeURIComponent(page) } }
  }
  return { part: PARTS.find((name) => name === part) ?? 'overview' }
}

export const usePlace = (): Place => {
  const [place, setPlace] = useState(() => placeIn(location.hash))
  useEffect(() => {
    const change = () => setPlace(placeIn(location.hash))
    addEventListener('hashchange', change)
    return () => removeEventListener('hashchange', change)
  }, [])
  return place
}
