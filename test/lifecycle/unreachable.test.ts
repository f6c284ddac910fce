import { expect, it } from 'vitest'
import { leaveOut } from '../support/left-out.ts'
import { freePort } from '../support/postgres.ts'
import { runServe } from '../support/service.ts'
import { isFull } from '../support/size.ts'

if (!isFull) leaveOut('30 s without a database at start: npm run test:full')

it.runIf(isFull)(
  'a database that is not reachable is given up after 30 s, with the reason and the remedy',
  async () => {
    const port = await freePort()
    const { ended, log } = runServe({ DATABASE_URL: `postgres://ana:hunter2@127.0.0.1:${port}/stories` })
    expect(await ended).toEqual({ code: 1, signal: null })
    expect(log()).toMatch(new RegExp(`cannot start: .*127\\.0\\.0\\.1:${port}.*ECONNREFUSED[\\s\\S]*DATABASE_URL`))
    expect(log().match(/next try/g)?.length).toBeLessThan(12)
    expect(log()).not.toContain('hunter2')
  },
)
