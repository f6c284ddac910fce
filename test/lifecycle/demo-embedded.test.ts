/** What an empty embedded database of open mode begins with. */
import { expect, it, onTestFinished } from 'vitest'
import { askAt } from '../support/archive-api.ts'
import { leaveOut } from '../support/left-out.ts'
import { startService } from '../support/service.ts'
import { isFull } from '../support/size.ts'
import { pgliteStore } from '../support/stores.ts'

if (!isFull) leaveOut('the first story in an embedded database: npm run test:full')

it.runIf(isFull)('the embedded database begins with the story too', async () => {
  const embedded = await startService({ ...(await pgliteStore.open()).env, DEMO: 'on' })
  onTestFinished(() => embedded.stop())
  expect((await askAt(embedded.address)('GET /stories')).body.stories).toMatchObject([{ pages: 4 }])
})
