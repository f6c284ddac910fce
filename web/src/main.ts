/** The page at /: what runs, where to connect, and one text area that several windows share. */
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { type PageName, parsePagePath } from '../../shared/names.ts'
import { bindTextarea } from './textarea.ts'

const FIRST_PAGE = 'demo/first-page'

const element = <E extends HTMLElement>(id: string, kind: new () => E): E => {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`the page lacks #${id}`)
  return found
}

const area = element('text', HTMLTextAreaElement)
const name = element('name', HTMLInputElement)
const status = element('status', HTMLElement)
const collab = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/collab`

const encoded = ({ story, page }: PageName): string => `${encodeURIComponent(story)}/${encodeURIComponent(page)}`

const say = (state: 'connecting' | 'connected' | 'offline', words: string) => {
  status.dataset.state = state
  status.textContent = words
}

/** Opens a page in the text area. @returns how to close it */
const open = (page: PageName): (() => void) => {
  const doc = new Y.Doc()
  const text = doc.getText('body')
  // Without the channel between windows of one browser: what the other window shows came through the service.
  const provider = new WebsocketProvider(collab, encoded(page), doc, { disableBc: true })
  let unbind = () => {}
  provider.on('status', ({ status: state }) => {
    if (state === 'connecting') say('connecting', 'Connecting …')
    if (state === 'connected') say('connected', 'Connected. Everybody on this page sees what you type.')
    if (state === 'disconnected')
      say('offline', 'Offline. What you type stays in this window until the service answers.')
  })
  provider.on('connection-close', (event) => {
    if (event !== null && event.code >= 4400 && event.code < 4500) say('offline', `Refused: ${reason(event.reason)}`)
  })
  provider.once('sync', () => {
    unbind = bindTextarea(area, text)
    area.readOnly = false
  })
  provider.awareness.on('change', () => {
    const others = [...provider.awareness.getStates().keys()].filter((id) => id !== doc.clientID).length
    const words = others === 0 ? 'Only you are here' : `${others + 1} windows are here`
    element('people', HTMLElement).textContent = words
  })
  // A first state has clock 0, which stock clients do not take from a stranger: saying it again gives it clock 1.
  provider.awareness.setLocalState({})
  return () => {
    unbind()
    provider.destroy()
    doc.destroy()
    area.value = ''
    area.readOnly = true
  }
}

const reason = (json: string): string => {
  try {
    return (JSON.parse(json) as { text?: string }).text ?? json
  } catch {
    return json
  }
}

let close = () => {}

const show = () => {
  const page = parsePagePath(location.hash.slice(1) || FIRST_PAGE)
  const fault = element('fault', HTMLElement)
  fault.textContent = 'fault' in page ? `This page cannot be opened: ${page.fault}.` : ''
  if ('fault' in page) return
  close()
  name.value = `${page.story}/${page.page}`
  element('shown', HTMLElement).textContent = name.value
  element('snippet', HTMLElement).textContent = [
    'const doc = new Y.Doc()',
    `new WebsocketProvider('${collab}', '${encoded(page).replaceAll("'", '%27')}', doc)`,
    "doc.getText('body').observe(() => console.log(doc.getText('body').toString()))",
  ].join('\n')
  close = open(page)
}

element('chooser', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault()
  const hash = name.value.trim().split('/').map(encodeURIComponent).join('/')
  if (`#${hash}` === location.hash) show()
  else location.hash = hash
})
element('copy', HTMLButtonElement).addEventListener('click', async () => {
  const copied = element('copied', HTMLElement)
  try {
    await navigator.clipboard.writeText(element('snippet', HTMLElement).textContent ?? '')
    copied.textContent = 'Copied'
  } catch (error) {
    copied.textContent = `Not copied: ${(error as Error).message}`
  }
})
element('address', HTMLElement).textContent = collab
addEventListener('hashchange', show)
addEventListener('pagehide', () => close())
addEventListener('pageshow', (event) => {
  if (event.persisted) show()
})
show()
