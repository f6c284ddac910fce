/** The suite `cost`: the same work in several sizes, from which the model is fitted, and sizes on which it is checked. */
import type { ModelPart, Scenario } from '../scenario.ts'
import { holdScenario } from './holding.ts'
import { joinScenario } from './joining.ts'
import { sized } from './sizes.ts'
import { figure, typingScenario } from './typing.ts'

const of = (part: ModelPart, isCheck: boolean, scenario: Scenario): Scenario => ({
  ...scenario,
  model: { part, isCheck },
})

const type = (rooms: number, clients: number, rate: number, isCheck = false): Scenario =>
  of(
    'typing',
    isCheck,
    typingScenario({
      name: `type-${rooms}x${clients}-${rate}`,
      title: `${rooms} rooms of ${clients} clients, ${rate} updates/s in all`,
      needs: 'relays',
      columns: [figure.serverCpu, figure.perUpdate, figure.perDelivery, figure.databaseCpu, figure.relayP50],
      shape: (options) => ({
        rooms: sized(rooms, options),
        clientsPerRoom: clients,
        writersPerRoom: Math.min(2, clients),
        pace: { rate: sized(rate, options) },
      }),
    }),
  )

const join = (kilobytes: number, isCheck = false): Scenario =>
  of(
    'join',
    isCheck,
    joinScenario({
      name: `join-${kilobytes}`,
      title: `100 people join a page of ${kilobytes} kB within a second`,
      columns: [
        { key: 'perJoin', title: 'server', unit: 'ms/join' },
        { key: 'p50', title: 'join p50', unit: 'ms' },
      ],
      shape: (options) => ({
        page: { bytes: sized(kilobytes * 1000, options) },
        joiners: sized(100, options),
        overSeconds: 1,
        pending: 0,
      }),
    }),
  )

const hold = (rooms: number, clients: number, kilobytes: number, isCheck = false): Scenario =>
  of('memory', isCheck, holdScenario(rooms, clients, kilobytes))

export const cost: readonly Scenario[] = [
  type(1, 2, 500),
  type(1, 2, 8000),
  type(1, 10, 500),
  type(1, 50, 500),
  type(1, 50, 2000),
  type(20, 2, 500),
  type(20, 2, 2000),
  type(100, 2, 2000),
  type(500, 2, 2000),
  type(20, 10, 1000, true),
  join(20),
  join(100),
  join(1000),
  join(2000),
  join(400, true),
  hold(500, 1, 2),
  hold(500, 1, 20),
  hold(500, 1, 50),
  hold(500, 8, 2),
  hold(2000, 1, 2),
  hold(1000, 2, 20, true),
]
