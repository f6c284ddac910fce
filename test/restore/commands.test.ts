/** `scriptorium export`, `import` and `restore`. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { askAt, updateOf } from '../support/archive-api.ts'
import { runCommand } from '../support/command.ts'
import { randomEdit } from '../support/edits.ts'
import { hashOf, pngOf } from '../support/pictures.ts'
import { seededRandom } from '../support/random.ts'
import { type Environment, startService, temporaryFolder } from '../support/service.ts'
import { anyPostgres, pgliteStore } from '../support/stores.ts'
import { start, textOf, write } from './stories.ts'

const command = (env: Environment, ...args: string[]) => runCommand(args, env)

/** All files below a folder, by path. */
const filesIn = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length), readFileSync(path).toString('base64')]),
  )

describe('export and import', () => {
  it('give back every byte of pages and versions, to another database and through a running service', async () => {
    const random = seededRandom()
    const postgres = await anyPostgres().open()
    const source = await startService(postgres.env)
    const ask = askAt(source.address)
    for (const page of ['p1', 'ein „Name“ / 2', '_story'].map((name) => name.replace('/', '-'))) {
      const doc = new Y.Doc()
      const path = `/stories/s1/pages/${encodeURIComponent(page)}`
      for (let i = 0; i < 30; i++) {
        const body = updateOf((d) => randomEdit(d, random), doc)
        await ask(`POST ${path}/updates`, { body })
        if (i % 10 === 5) await ask(`POST ${path}/versions`, { body: { label: `number ${i}` } })
      }
    }
    await ask('POST /stories/s1/versions', { body: { label: 'all' } })
    const picture = pngOf(1)
    await ask(`PUT /stories/s1/assets/${hashOf(picture)}`, { body: picture })
    const folders = [1, 2, 3].map((number) => join(temporaryFolder('export'), String(number))) as [
      string,
      string,
      string,
    ]
    const exported = await command(postgres.env, 'export', '--story', 's1', '--to', folders[0], '--json')
    expect(exported).toMatchObject({ code: 0 })
    const contents = { versions: 12, pictures: 1, bytes: JSON.parse(exported.out).bytes }
    expect(JSON.parse(exported.out)).toMatchObject({ ok: true, pages: 3, ...contents })
    expect((await command(postgres.env, 'export', '--story', 's1', '--to', folders[0])).code).toBe(1)
    await source.stop()

    const other = await anyPostgres().open()
    const dry = await command(other.env, 'import', '--from', folders[0], '--dry-run', '--json')
    expect(JSON.parse(dry.out)).toMatchObject({ ok: true, dryRun: true, ...contents })
    const imported = await command(other.env, 'import', '--from', folders[0], '--json')
    expect(JSON.parse(imported.out)).toMatchObject({ ok: true, story: 's1', dryRun: false })
    expect((await command(other.env, 'export', '--story', 's1', '--to', folders[1])).code).toBe(0)
    expect(filesIn(folders[1])).toEqual(filesIn(folders[0]))
    const kept = filesIn(folders[1])[`/assets/${hashOf(picture)}.png`]
    expect(kept).toBe(Buffer.from(picture).toString('base64'))

    const embedded = await pgliteStore.open()
    const service = await start(embedded.env)
    const asked = await command(embedded.env, 'import', '--from', folders[0])
    expect([asked.code, asked.err]).toEqual([0, expect.stringContaining(service.address)])
    const again = await command(embedded.env, 'import', '--from', folders[0])
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('exist already')])
    const { acts } = (await askAt(service.address)('GET /admin/audit')).body
    expect(acts).toMatchObject([
      { act: 'POST /api/v1/admin/import', detail: { story: 's1', refused: expect.stringContaining('exist already') } },
      { act: 'POST /api/v1/admin/import', detail: { story: 's1', ended: true } },
    ])
    expect(Object.keys(acts[1].detail)).not.toContain('refused')
    const zip = `${folders[2]}.zip`
    expect((await command(embedded.env, 'export', '--story', 's1', '--to', zip)).code).toBe(0)
    expect((await command(embedded.env, 'import', '--from', zip, '--story', 's2')).code).toBe(0)
    expect((await command(embedded.env, 'export', '--story', 's2', '--to', folders[2])).code).toBe(0)
    const { '/manifest.json': manifest, ...files } = filesIn(folders[2])
    const { '/manifest.json': first, ...before } = filesIn(folders[0])
    expect(files).toEqual(before)
    const named = (text = '') => Buffer.from(text, 'base64').toString()
    expect(named(manifest)).toBe(named(first).replace('"story": "s1"', '"story": "s2"'))
  }, 180_000)

  it('refuses damaged files, and then brings in nothing', async () => {
    const { env } = await anyPostgres().open()
    const service = await start(env)
    await write(askAt(service.address), 'p1', 'words')
    const folder = join(temporaryFolder('export'), 'story')
    const written = await command(env, 'export', '--story', 's1', '--to', folder)
    const [, contents] = /^s1: (1 page and 0 versions \(\d+ B\)) written to /.exec(written.out) ?? []
    const dry = await command(env, 'import', '--from', folder, '--story', 's2', '--dry-run')
    expect(dry.out).toBe(`s2: ${contents} could be imported\n`)
    const page = readdirSync(join(folder, 'pages')).find((name) => name.endsWith('.yjs')) ?? ''
    const bytes = readFileSync(join(folder, 'pages', page))
    writeFileSync(join(folder, 'pages', page), bytes.subarray(1))
    const { code, out } = await command(env, 'import', '--from', folder, '--story', 's2', '--json')
    expect([code, JSON.parse(out)]).toEqual([1, { ok: false, reason: `pages/${page} is not as it was written` }])
    expect((await askAt(service.address)('GET /stories/s2')).status).toBe(404)
  })
})

describe('scriptorium restore', () => {
  it('previews and restores beside a running service, on PostgreSQL and on the embedded database that it holds', async () => {
    for (const store of [anyPostgres(), pgliteStore]) {
      const { env } = await store.open()
      const service = await start(env)
      const ask = askAt(service.address)
      const doc = await write(ask, 'p1', 'first')
      const { id } = (await ask('POST /stories/s1/pages/p1/versions', { body: {} })).body
      await write(ask, 'p1', ' second', doc)
      const where = ['--story', 's1', '--page', 'p1', '--version', id]
      const dry = await command(env, 'restore', ...where, '--dry-run')
      expect([dry.code, dry.out.trim()]).toEqual([0, '- " second"'])
      expect(await textOf(service.address, 'p1')).toBe('first second')
      const done = await command(env, 'restore', ...where, '--user', 'admin', '--json')
      expect(JSON.parse(done.out)).toMatchObject({ ok: true, pages: [{ page: 'p1', seq: 3 }] })
      expect(await textOf(service.address, 'p1')).toBe('first')
      const { entries } = (await ask('GET /stories/s1/pages/p1/history')).body
      expect(entries[0]).toMatchObject({ kind: 'restore', author: 'admin' })
      const story = await command(env, 'restore', '--story', 's1', '--at', new Date(0).toISOString())
      expect([story.code, story.err]).toEqual([1, expect.stringContaining('no such')])
    }
  })

  it.each([
    ['restore', '--page', 'p1'],
    ['restore', '--story', 's1'],
    ['restore', '--story', 's1', '--at', 'yesterday'],
    ['restore', '--nonsense'],
    ['export', '--story', 's1'],
    ['import'],
  ])('explains a command line that makes no sense: %s %s %s', async (...args) => {
    const { code, err } = await command({ DATA_DIR: temporaryFolder('data') }, ...args)
    expect([code, err]).toEqual([2, expect.stringContaining('Usage: scriptorium')])
  })
})
