/** Which scenarios a suite runs. */
import type { Scenario } from './scenario.ts'
import { core } from './scenarios/core.ts'
import { cost } from './scenarios/cost.ts'
import { memory, s3, s6 } from './scenarios/holding.ts'
import { s4, s5, s8 } from './scenarios/joining.ts'
import { s7, s9, s9Echo, s10, typingOnTheWire } from './scenarios/wire-typing.ts'

export const suites: Readonly<Record<string, readonly Scenario[]>> = {
  cost,
  core: [...core, memory],
  wire: [...typingOnTheWire, s3, s4, s5, s6, s7, s8, s9, s9Echo, s10],
}
