/** A process that waits for a line, takes the lock of the folder it was given, says how that went, and stays. */
import { acquireLock } from '../../dist/server/lock.js'

const say = (words) => process.stdout.write(`${JSON.stringify(words)}\n`)
let lock = null
process.stdin.on('data', () => {
  if (lock !== null) {
    lock.release()
    process.exit(0)
  }
  try {
    lock = acquireLock(process.argv[2], { address: 'http://127.0.0.1:4321' })
    say({ taken: true })
  } catch (error) {
    say({ taken: false, why: error.message })
  }
})
process.stdin.on('end', () => process.exit(0))
say({ ready: true })
