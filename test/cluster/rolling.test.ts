import { describe, it } from 'vitest'
import { atRandom, byPath, startBalancer } from '../support/balancer.ts'
import { leaveOut } from '../support/left-out.ts'
import { seededRandom } from '../support/random.ts'
import { isFull } from '../support/size.ts'
import { expectNothingLost } from '../support/typists.ts'
import { moreThan, Nodes, ROOMS, typing } from './nodes.ts'

const STOPPED_MS = 20_000
const LONG = { timeout: 300_000 }

describe.runIf(isFull).each([
  { name: 'at random', choice: atRandom },
  { name: 'by the path', choice: () => byPath },
])('three nodes behind a balancer that chooses $name', ({ choice }) => {
  it('are started anew one after another, and stopped for 20 s, and lose nothing', LONG, async () => {
    const random = seededRandom()
    const nodes = await Nodes.start(3)
    const balancer = await startBalancer(nodes.addresses, choice(random))
    const typists = typing(balancer.collab, ROOMS, random)
    await moreThan(typists, 300)
    for (const [index, service] of nodes.services.entries()) {
      await service.stop()
      await moreThan(typists, 100)
      await nodes.startOne(index)
    }
    await nodes.home()
    nodes.services[1]?.signal('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, STOPPED_MS))
    nodes.services[1]?.signal('SIGCONT')
    await moreThan(typists, 300)
    await nodes.home()
    await expectNothingLost(typists, balancer.collab)
    typists.disconnect()
    await nodes.stop()
  })
})

if (!isFull) leaveOut('a rolling restart of three nodes, one that is stopped for 20 s, 60 pages: npm run test:full')
