import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { leaveOut } from '../support/left-out.ts'
import { startService } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'

const KNOCK = 1500
const ALLOWED = '/proc/sys/net/core/somaxconn'
const allowed = existsSync(ALLOWED) ? Number(readFileSync(ALLOWED, 'utf8')) : 0
if (allowed <= KNOCK) leaveOut(`cluster: ${KNOCK} connections at once: the system lets fewer wait`)

it.runIf(allowed > KNOCK).each(['1', '2'])(
  `${KNOCK} clients that come at once to a busy service need not knock twice, with WORKERS=%s`,
  async (WORKERS) => {
    const service = await startService({ ...(await anyPostgres().open()).env, WORKERS })
    service.signal('SIGSTOP')
    let connected = 0
    let answered = 0
    for (let n = 0; n < KNOCK; n++) {
      const socket = connect(Number(new URL(service.address).port), '127.0.0.1')
      onTestFinished(() => void socket.destroy())
      socket.on('error', () => socket.destroy())
      socket.on('connect', () => {
        connected++
        socket.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n')
      })
      socket.once('data', () => answered++)
    }
    // Nobody accepts: all that are connected wait in the queue, and one that does not fit never gets there.
    await until('all to be connected', () => connected === KNOCK)
    expect(answered).toBe(0)
    service.signal('SIGCONT')
    await until('all to be answered', () => answered === KNOCK)
    await service.stop()
  },
)
