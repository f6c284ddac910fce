/** What the process of a worker runs. */
import { work } from '../main.ts'

await work()
