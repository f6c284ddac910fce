/** A logger that says nothing. */
import type { Logger } from '../../server/ports.ts'

const silent = () => undefined
export const quiet: Logger = { debug: silent, info: silent, warn: silent, error: silent }
