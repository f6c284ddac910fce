/** The provider as apps ship it: small, and at home in an engine that has a WebSocket and little else. */
import { createContext, runInContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { bundle } from '../support/bundle.ts'
import { startService } from '../support/service.ts'
import { readAfresh } from '../support/stock.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'

const MOST_BYTES = 12_000
const ENTRY = 'shared/provider/provider.ts'

describe('the bundle of the provider', { timeout: 60_000 }, () => {
  it('has less than 12 kB beside yjs, y-protocols and lib0', async () => {
    const code = await bundle(ENTRY, { format: 'es', external: [/^yjs/, /^lib0/, /^y-protocols/] })
    expect(code).toContain('scriptorium.v1')
    const bytes = gzipSync(code).length
    process.stdout.write(`the provider has ${bytes} bytes, compressed\n`)
    expect(bytes).toBeLessThan(MOST_BYTES)
    expect(bytes).toBeGreaterThan(1000)
    for (const name of ['node:', 'process.', 'Buffer', 'require(', 'localStorage']) expect(code).not.toContain(name)
  })

  it('runs where there are a WebSocket, timers and random numbers, and nothing of Node', async () => {
    const service = await startService((await anyPostgres().open()).env)
    const code = await bundle(ENTRY, { format: 'iife', name: 'provider' })
    const { crypto, TextEncoder, TextDecoder } = globalThis
    const context = createContext({
      WebSocket,
      crypto,
      TextEncoder,
      TextDecoder,
      setTimeout,
      clearTimeout,
      setInterval,
      clearInterval,
      url: service.collab,
    })
    runInContext(code, context)
    const run = <T>(script: string): T => runInContext(script, context) as T
    run('var page = provider.connect({ url, story: "s1", page: "p1" })')
    await until('it to be synced', () => run<boolean>('page.synced'))
    run('page.doc.getText("text").insert(0, "once")')
    expect(run<string>('page.state.saved.state')).toBe('sent')
    await until('it to be saved', () => run<string>('page.state.saved.state') === 'saved')
    run('page.destroy()')
    expect((await readAfresh(service.collab, 's1/p1')).getText('text').toString()).toBe('once')
  })
})
