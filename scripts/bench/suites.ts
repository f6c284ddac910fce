/** Which scenarios a suite runs. */
import type { Scenario } from './scenario.ts'
import { idleRooms } from './scenarios/memory.ts'
import { hotRoom, pairs } from './scenarios/replay.ts'

export const suites: Readonly<Record<string, readonly Scenario[]>> = {
  core: [hotRoom, pairs, idleRooms],
}
