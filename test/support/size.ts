/**
 * Whether this run is at full size. Nobody else reads the variable: a file of tests that does not reach this module is
 * the same at both sizes, and `--larger` leaves it out.
 */
export const isFull = process.env.SCRIPTORIUM_TEST_FULL === '1'
