/** The suite `core`: what the service must reach at 2,000 updates a second, and the memory of an idle room. */
import type { Scenario } from '../scenario.ts'
import { sized } from './sizes.ts'
import { figure, typingScenario } from './typing.ts'

const columns = [
  { ...figure.savedP50, most: 10 },
  { ...figure.savedP99, most: 60 },
  { ...figure.relayP50, most: 2 },
  figure.relayP99,
  figure.updates,
  figure.deliveries,
  figure.serverCpu,
  figure.databaseCpu,
  figure.perUpdate,
  figure.resident,
  figure.loadCpu,
  figure.lateP99,
]

const hot = typingScenario({
  name: 'hot',
  title: 'One hot room: 50 clients, 10 of them typing',
  needs: 'holds',
  columns,
  shape: (options) => ({
    rooms: 1,
    clientsPerRoom: 50,
    writersPerRoom: 10,
    pace: { rate: sized(options.rate, options) },
  }),
})

const pairs = typingScenario({
  name: 'pairs',
  title: '500 rooms, two people typing in each',
  needs: 'holds',
  columns,
  shape: (options) => ({
    rooms: sized(500, options),
    clientsPerRoom: 2,
    writersPerRoom: 2,
    pace: { rate: sized(options.rate, options) },
  }),
})

export const core: readonly Scenario[] = [hot, pairs]
