/** A real Chromium, and a small app served to it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, chromium } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { chromiumPath } from '../../scripts/chromium.ts'

export { chromiumPath }

/** Starts the browser. @throws Error when there is none, or it does not start */
export const startChromium = (): Promise<Browser> => {
  if (chromiumPath === null) throw new Error('there is no Chromium')
  // Its own sandbox needs rights that containers do not have.
  return chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] })
}

/** Serves scripts by path, and at / a page that loads the first. @returns its address */
export const serveApp = async (scripts: Readonly<Record<string, string>>): Promise<string> => {
  const [first = ''] = Object.keys(scripts)
  const page = `<!doctype html><title>app</title><script type="module" src="${first}"></script>`
  const server = createServer(({ url = '/' }, response) => {
    const script = scripts[url]
    if (url !== '/' && script === undefined) response.writeHead(404).end()
    else response.setHeader('content-type', url === '/' ? 'text/html' : 'text/javascript').end(script ?? page)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
