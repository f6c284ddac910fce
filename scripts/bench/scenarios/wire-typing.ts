/** S1, S2, S9 and S10: people who type, and people who look on. */
import type { Scenario } from '../scenario.ts'
import { sized } from './sizes.ts'
import { figure, typingScenario } from './typing.ts'

const common = [figure.serverCpu, figure.databaseCpu, figure.loadCpu, figure.resident, figure.lateP99]

export const s1 = typingScenario({
  name: 's1',
  title: 'S1 One room, 50 clients, one writer with 64 edits outstanding',
  needs: 'relays',
  columns: [
    figure.perDelivery,
    { ...figure.perDeliveryAll, most: 0.35 },
    { ...figure.savedP50, most: 6 },
    figure.savedP99,
    figure.relayP50,
    figure.relayP99,
    figure.updates,
    figure.deliveries,
    ...common,
  ],
  shape: () => ({
    rooms: 1,
    clientsPerRoom: 50,
    writersPerRoom: 1,
    pace: { outstanding: 64 },
    upTo: 30_000,
  }),
})

const s1Steady = typingScenario({
  name: 's1-500',
  title: 'S1 The same room at a fixed 500 updates/s',
  needs: 'relays',
  columns: [
    { ...figure.perDelivery, most: 11 },
    figure.perDeliveryAll,
    { ...figure.relayP99, most: 3 },
    figure.relayP50,
    figure.savedP50,
    figure.savedP99,
    figure.updates,
    figure.deliveries,
    ...common,
  ],
  shape: (options) => ({ rooms: 1, clientsPerRoom: 50, writersPerRoom: 1, pace: { rate: sized(500, options) } }),
})

export const s2 = typingScenario({
  name: 's2',
  title: 'S2 500 rooms, two people typing in each, 5 updates/s each',
  needs: 'relays',
  columns: [
    { ...figure.perUpdate, most: 50 },
    { ...figure.perUpdateAll, most: 80 },
    figure.savedP50,
    figure.savedP99,
    figure.relayP50,
    figure.relayP99,
    figure.updates,
    ...common,
  ],
  shape: (options) => ({
    rooms: sized(500, options),
    clientsPerRoom: 2,
    writersPerRoom: 2,
    pace: { rate: sized(5000, options) },
  }),
})

const s2Sustained = typingScenario({
  name: 's2-max',
  title: 'S2 The same rooms, as many updates as are settled: 16 outstanding for each writer',
  needs: 'relays',
  columns: [
    { ...figure.updates, least: 30_000 },
    figure.perUpdate,
    figure.perUpdateAll,
    figure.savedP50,
    figure.savedP99,
    figure.relayP50,
    figure.relayP99,
    ...common,
  ],
  shape: (options) => ({
    rooms: sized(500, options),
    clientsPerRoom: 2,
    writersPerRoom: 2,
    pace: { outstanding: 16 },
    upTo: 120_000,
  }),
})

export const s7 = typingScenario({
  name: 's7',
  title: 'S7 50 rooms, 20 updates/s in each: from an edit to the database',
  needs: 'writes',
  columns: [
    { ...figure.storedP50, most: 3 },
    { ...figure.storedP99, most: 25 },
    figure.relayP50,
    figure.relayP99,
    figure.updates,
    figure.perUpdate,
    figure.perUpdateAll,
    ...common,
  ],
  shape: (options) => ({
    rooms: sized(50, options),
    clientsPerRoom: 2,
    writersPerRoom: 2,
    pace: { rate: sized(1000, options) },
    looksAtStorage: true,
  }),
})

const crowd = (name: string, title: string, echoes: boolean): Scenario =>
  typingScenario({
    name,
    title,
    needs: 'relays',
    columns: [
      { ...figure.serverCpu, most: 45 },
      { ...figure.presenceP99, most: 200 },
      figure.presences,
      figure.relayP50,
      figure.relayP99,
      figure.databaseCpu,
      figure.loadCpu,
      figure.resident,
      figure.grown,
      figure.lateP99,
    ],
    shape: (options) => ({
      rooms: 1,
      clientsPerRoom: sized(1500, options),
      writersPerRoom: 1,
      pace: { rate: 1 },
      presence: { hz: 1, echoes },
    }),
  })

export const s9 = crowd('s9', 'S9 1,500 people in one room, presence once a second each, one edit a second', false)

/** As many bytes come back as go out, so the load may be the first to run out of its core: see its lateness. */
export const s9Echo = crowd('s9-echo', 'S9 The same room, each change of presence echoed, as stock clients do', true)

export const s10 = typingScenario({
  name: 's10',
  title: 'S10 200 people typing 5 updates/s each in one room, all reading',
  needs: 'relays',
  columns: [
    { ...figure.serverCpu, most: 35 },
    { ...figure.relayP99, most: 40 },
    figure.relayP50,
    figure.savedP50,
    figure.savedP99,
    figure.updates,
    figure.deliveries,
    figure.perDelivery,
    figure.databaseCpu,
    figure.loadCpu,
    figure.resident,
    figure.lateP99,
  ],
  shape: (options) => {
    const people = sized(200, options)
    return { rooms: 1, clientsPerRoom: people, writersPerRoom: people, pace: { rate: people * 5 } }
  },
})

export const typingOnTheWire: readonly Scenario[] = [s1, s1Steady, s2, s2Sustained]
