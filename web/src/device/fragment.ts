/** What the address says after `#`, which no server ever sees. */

/** What it says now. */
export const fragment = (): URLSearchParams => new URLSearchParams(location.hash.slice(1))

/** Puts `changes` into the address; null takes away. @param isStep whether going back leads to the address before */
export const changeFragment = (changes: Readonly<Record<string, string | null>>, isStep: boolean): void => {
  const params = fragment()
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) params.delete(key)
    else params.set(key, value)
  }
  const hash = params.toString()
  const address = `${location.pathname}${hash === '' ? '' : `#${hash}`}`
  if (isStep) history.pushState(null, '', address)
  else history.replaceState(null, '', address)
}
