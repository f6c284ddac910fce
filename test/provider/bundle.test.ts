/** The provider as apps ship it: small, and at home in an engine that has a WebSocket and little else. */
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { startService } from '../support/service.ts'
import { readAfresh } from '../support/stock.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'

const MOST_BYTES = 12_000
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const ENTRY = fileURLToPath(new URL('../../shared/provider/provider.ts', import.meta.url))

const bundle = async (format: 'es' | 'iife', external: RegExp[]): Promise<string> => {
  const built = await build({
    root: ROOT,
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: true,
      rollupOptions: {
        input: ENTRY,
        external,
        preserveEntrySignatures: 'strict',
        output: { format, name: 'provider' },
      },
    },
  })
  const { output } = (Array.isArray(built) ? built[0] : built) as { output: { code?: string }[] }
  return output.map(({ code }) => code ?? '').join('')
}

describe('the bundle of the provider', { timeout: 60_000 }, () => {
  it('has less than 12 kB beside yjs, y-protocols and lib0', async () => {
    const code = await bundle('es', [/^yjs/, /^lib0/, /^y-protocols/])
    expect(code).toContain('scriptorium.v1')
    const bytes = gzipSync(code).length
    process.stdout.write(`the provider has ${bytes} bytes, compressed\n`)
    expect(bytes).toBeLessThan(MOST_BYTES)
    expect(bytes).toBeGreaterThan(1000)
    for (const name of ['node:', 'process.', 'Buffer', 'require(', 'localStorage']) expect(code).not.toContain(name)
  })

  it('runs where there are a WebSocket, timers and random numbers, and nothing of Node', async () => {
    const service = await startService((await anyPostgres().open()).env)
    const code = await bundle('iife', [])
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
