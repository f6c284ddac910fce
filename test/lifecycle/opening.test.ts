import { expect, it } from 'vitest'
import { call } from '../support/api.ts'
import { Client, connectClient } from '../support/client.ts'
import { holdReads } from '../support/lock.ts'
import { startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'

it('whoever was told to try again while a deleted page loaded is gone, and nothing waits for them', async () => {
  const store = await anyPostgres().open()
  const service = await startService(store.env)
  const author = await connectClient(service.collab, 's/p')
  author.edit('first', (doc) => doc.getText('text').insert(0, 'once'))
  await author.settled()
  expect((await call(service.address, 'DELETE', '/stories/s/pages/p')).status).toBe(204)
  const reads = await holdReads(store)
  const early = new Client(service.collab, 's/p')
  early.connect()
  await until('the first to be told', () => early.closings.length > 0)
  expect(early.closings[0]?.code).toBe(1013)
  const late = new Client(service.collab, 's/p')
  late.connect()
  await reads.isWaitedFor()
  await reads.release()
  await until('the other to be refused', () => late.closings.length > 0)
  expect(late.closings[0]?.code).toBe(4404)
  await service.stop()
})
