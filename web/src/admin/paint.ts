/** Colours of the theme, as a canvas takes them. */
import { useEffect, useState } from 'preact/hooks'

const DARK = '(prefers-color-scheme: dark)'

/** What a custom property of the theme is in the present scheme. */
export const paint = (property: string, opacity = 1): string => {
  const probe = document.createElement('span')
  probe.style.color = `color-mix(in srgb, var(${property}) ${opacity * 100}%, transparent)`
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

export const useDark = (): boolean => {
  const [isDark, setDark] = useState(() => matchMedia(DARK).matches)
  useEffect(() => {
    const query = matchMedia(DARK)
    const change = () => setDark(query.matches)
    query.addEventListener('change', change)
    return () => query.removeEventListener('change', change)
  }, [])
  return isDark
}
