/** Pages to print, in a window of their own: this one fills it, as no address may hold the token they are asked for with. */

/** Opens the window at once, since a browser opens none that was not asked for by a click. @throws Error when it opens none */
export const openPrint = (waiting: string): Window => {
  const view = open('', '_blank')
  if (view === null) throw new Error('the browser opened no window')
  view.document.title = waiting
  view.document.body.textContent = waiting
  return view
}

/**
 * The policy, which the window has from this one, takes no styles within a page, not even to be read; those that a
 * program gives it takes. In what people wrote, `<` is never written as it is.
 */
const STYLE = /<style>([\s\S]*?)<\/style>/g

/** Shows the service's sheets and has them printed. */
export const printIn = async (view: Window, html: string): Promise<void> => {
  const styles = [...html.matchAll(STYLE)].map(([, text]) => text ?? '')
  const sheets = new DOMParser().parseFromString(html.replace(STYLE, ''), 'text/html')
  const { document } = view
  const Style = (view as unknown as { CSSStyleSheet: typeof CSSStyleSheet }).CSSStyleSheet
  document.adoptedStyleSheets = styles.map((text) => {
    const style = new Style()
    style.replaceSync(text)
    return style
  })
  document.title = sheets.title
  document.documentElement.lang = sheets.documentElement.lang
  document.body.replaceChildren(...[...sheets.body.childNodes].map((node) => document.importNode(node, true)))
  const pictures = [...document.images].map((picture) => picture.decode())
  // One that cannot be shown keeps nobody from printing the rest.
  await Promise.allSettled(pictures)
  view.print()
}
