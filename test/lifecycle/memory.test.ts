/** What the embedded database takes: the figures of docs/set-up.md, with room for other machines. */
import { existsSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import { startService, temporaryFolder } from '../support/service.ts'

const MOST_BYTES = 500_000_000

it.runIf(existsSync('/proc/self/status'))(
  'a service that has just made its embedded database holds no memory of the making',
  async () => {
    const service = await startService({ DATA_DIR: temporaryFolder('data') })
    onTestFinished(() => service.stop())
    expect(service.memory()).toBeLessThan(MOST_BYTES)
  },
  120_000,
)
