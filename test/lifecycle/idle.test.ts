import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { connectClient } from '../support/client.ts'
import { leaveOut } from '../support/left-out.ts'
import { startService } from '../support/service.ts'
import { anyPostgres, pgliteStore, type StoreKind } from '../support/stores.ts'

const SECONDS = 6
const CLIENTS = 20

/** How often the main thread of a process has gone to sleep: as often as it was woken. */
const sleepsOf = (pid: number): number =>
  Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/task/${pid}/status`, 'utf8'))?.[1])

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

/** How often a service wakes in a second, with twenty people connected who do nothing. */
const wakesOf = async ({ open }: StoreKind): Promise<number> => {
  const service = await startService((await open()).env)
  for (let n = 0; n < CLIENTS; n++) {
    const client = await connectClient(service.collab, `story/page-${n % 10}`)
    client.edit('word', (doc) => doc.getText('text').insert(0, 'word'))
    await client.settled()
  }
  // What the last edit left to do is done by then.
  await pause(3)
  const before = sleepsOf(service.pid)
  await pause(SECONDS)
  const wakes = (sleepsOf(service.pid) - before) / SECONDS
  await service.stop()
  return wakes
}

it('a service that nobody uses wakes less than five times a second, with twenty people connected', async () => {
  if (!existsSync('/proc/self/task')) return leaveOut('lifecycle: how often an idle service wakes, which Linux tells')
  const stores = [pgliteStore, anyPostgres()]
  const wakes = await Promise.all(stores.map(wakesOf))
  for (const [index, { name }] of stores.entries()) {
    process.stdout.write(`an idle service on ${name} wakes ${wakes[index]?.toFixed(1)} times a second\n`)
    expect(wakes[index]).toBeLessThan(5)
  }
})
