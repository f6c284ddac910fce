/** Pictures over every store: kept by their hash, whatever they are called, as long as their story. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { askAt, updateOf } from '../support/archive-api.ts'
import { metric } from '../support/metrics.ts'
import { hashOf, pngOf } from '../support/pictures.ts'
import { startService } from '../support/service.ts'
import { mainStores } from '../support/sized-stores.ts'
import { anyPostgres } from '../support/stores.ts'
import { TOKEN_ENV, tokenOf } from '../support/tokens.ts'

const MOST = 3000
const LIMITS = { MAX_ASSET_BYTES: String(MOST), MAX_STORY_ASSET_BYTES: String(2 * MOST) }
const TEXT = new TextEncoder()

const served = async (address: string, path: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${address}/api/v1${path}`, { headers })
  return { status: answer.status, headers: answer.headers, bytes: new Uint8Array(await answer.arrayBuffer()) }
}

describe.each(mainStores)('pictures over $name', { timeout: 120_000 }, (store) => {
  it('are kept once by their hash, checked by content, bounded, copied with their story and erased with it', async () => {
    const service = await startService({ ...(await store.open()).env, ...LIMITS })
    onTestFinished(() => service.stop())
    const ask = askAt(service.address)
    const picture = pngOf(1)
    const path = `/stories/s1/assets/${hashOf(picture)}`

    expect(await ask(`PUT ${path}`, { body: picture })).toMatchObject({
      status: 201,
      body: { sha256: hashOf(picture), type: 'image/png', bytes: picture.length },
    })
    expect((await ask(`PUT ${path}`, { body: picture })).status).toBe(200)
    const shown = await served(service.address, path)
    expect(shown.bytes).toEqual(picture)
    expect(Object.fromEntries(shown.headers)).toMatchObject({
      'content-type': 'image/png',
      'cache-control': 'private, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    })
    const etag = shown.headers.get('etag') ?? ''
    expect((await served(service.address, path, { 'if-none-match': etag })).status).toBe(304)
    expect((await served(service.address, path.replace('s1', 's2'))).status).toBe(404)

    const svg = TEXT.encode('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    expect((await ask(`PUT /stories/s1/assets/${hashOf(svg)}`, { body: svg })).status).toBe(415)
    expect((await ask(`PUT /stories/s1/assets/${hashOf(svg)}`, { body: picture })).status).toBe(400)
    expect((await ask('PUT /stories/s1/assets/nothing', { body: picture })).status).toBe(400)
    const large = pngOf(2, MOST)
    expect((await ask(`PUT /stories/s1/assets/${hashOf(large)}`, { body: large })).status).toBe(413)
    const statuses = await Promise.all(
      [3, 4, 5, 6].map(async (shade) => {
        const each = pngOf(shade, 2000)
        return (await ask(`PUT /stories/s1/assets/${hashOf(each)}`, { body: each })).status
      }),
    )
    expect(statuses.sort()).toEqual([201, 201, 413, 413])
    expect(await metric(service.address, 'limit_asset_bytes')).toBe(3)
    expect((await ask(`PUT ${path}`, { body: picture })).status, 'what is there already is no more').toBe(200)

    const page = updateOf((doc) => doc.getText('title').insert(0, 'A fox'))
    await ask('POST /stories/s1/pages/p1/updates', { body: page })
    await ask('POST /stories/s1/pages/p2/updates', { body: page })
    expect((await ask('POST /stories/s1/copy', { body: { story: 's3' } })).status).toBe(201)
    expect((await served(service.address, path.replace('s1', 's3'))).bytes).toEqual(picture)

    await ask('DELETE /stories/s1/pages/p1?hard=true')
    expect((await served(service.address, path)).status, 'a page is left').toBe(200)
    await ask('DELETE /stories/s1/pages/p2?hard=true')
    expect((await served(service.address, path)).status).toBe(404)
    expect((await served(service.address, path.replace('s1', 's3'))).status).toBe(200)
  })
})

describe('pictures and grants', { timeout: 60_000 }, () => {
  it('may be read by readers and kept by writers of the story, or of the page that is named', async () => {
    const service = await startService({ ...(await anyPostgres().open()).env, ...TOKEN_ENV })
    onTestFinished(() => service.stop())
    const ask = askAt(service.address)
    const picture = pngOf(7)
    const path = `/stories/s1/assets/${hashOf(picture)}`
    const as = async (grants: Parameters<typeof tokenOf>[1]) => ({
      authorization: `Bearer ${await tokenOf('ana', grants)}`,
    })
    const reader = await as({ stories: { s1: 'read' } })
    const writer = await as({ stories: { s1: 'write' } })
    const ofPage = await as({ pages: { 's1/p1': 'write' } })
    expect((await ask(`PUT ${path}`, { body: picture })).status).toBe(401)
    expect((await ask(`PUT ${path}`, { body: picture, headers: reader })).status).toBe(403)
    expect((await ask(`PUT ${path}`, { body: picture, headers: ofPage })).status).toBe(404)
    expect((await ask(`PUT ${path}?page=p1`, { body: picture, headers: ofPage })).status).toBe(201)
    expect((await ask(`PUT ${path}`, { body: picture, headers: writer })).status).toBe(200)
    expect((await served(service.address, path, reader)).status).toBe(200)
    expect((await served(service.address, `${path}?page=p2`, ofPage)).status).toBe(404)
    expect((await served(service.address, `${path}?page=p1`, ofPage)).bytes).toEqual(picture)
  })
})
