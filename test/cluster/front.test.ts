import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Front } from '../../server/cluster/front.ts'
import type { Clock } from '../../server/ports.ts'
import { counting } from '../support/open-database.ts'
import { until } from '../support/until.ts'

/** A clock that goes on when it is told to. */
const handClock = () => {
  let now = 0
  const tasks = new Set<{ readonly at: number; readonly task: () => void }>()
  const clock: Pick<Clock, 'now' | 'after'> = {
    now: () => now,
    after: (ms, task) => {
      const entry = { at: now + ms, task }
      tasks.add(entry)
      return () => void tasks.delete(entry)
    },
  }
  const goOn = (ms: number) => {
    now += ms
    for (const entry of [...tasks]) {
      if (entry.at > now || !tasks.delete(entry)) continue
      entry.task()
    }
  }
  return { clock: clock as Clock, goOn }
}

const startFront = async ({ maxWaiting = 100 } = {}) => {
  const { clock, goOn } = handClock()
  const counters = counting()
  const given: { socket: Socket; head: string }[] = []
  const give = (socket: Socket, head: Buffer) => void given.push({ socket, head: head.toString() })
  const front = new Front({ clock, counters, maxLineBytes: 1000, maxWaiting, give })
  front.server.listen(0, '127.0.0.1')
  await once(front.server, 'listening')
  onTestFinished(() => {
    front.close()
    for (const { socket } of given) socket.destroy()
  })
  const { port } = front.server.address() as AddressInfo
  const knock = async () => {
    const socket = connect(port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => socket.destroy()).resume()
    await once(socket, 'connect')
    return socket
  }
  return { front, goOn, counters, given, knock }
}

describe('the front of several workers', () => {
  it('gives a connection away with its first line, and leaves what comes later unread', async () => {
    const { given, knock } = await startFront()
    const client = await knock()
    client.write('\r\nGET /collab/a/b')
    await new Promise((resolve) => setImmediate(resolve))
    client.write(' HTTP/1.1\r\nHost: x\r\n')
    await until('it to be given away', () => given.length === 1)
    expect(given[0]?.head).toBe('\r\nGET /collab/a/b HTTP/1.1\r\nHost: x\r\n')
    client.write('later')
    const socket = given[0]?.socket as Socket
    const later: string[] = []
    socket.on('data', (bytes: Buffer) => later.push(bytes.toString()))
    await until('the rest to be there', () => later.join('') === 'later')
  })

  it('cuts whoever has sent no line after 10 s, and nobody before', async () => {
    const { front, goOn, counters, given, knock } = await startFront()
    const slow = await knock()
    slow.write('GET /')
    await until('it to be accepted', () => front.waiting === 1)
    goOn(9000)
    expect(front.waiting).toBe(1)
    goOn(2000)
    await until('it to be cut', () => slow.destroyed)
    expect(counters.counts.get('connections_cut')).toBe(1)
    expect(given).toEqual([])
  })

  it('cuts the one that waits longest when too many wait', async () => {
    const { front, knock } = await startFront({ maxWaiting: 3 })
    const [first, second] = [await knock(), await knock()]
    await until('both to be accepted', () => front.waiting === 2)
    await knock()
    await knock()
    await until('the first to be cut', () => first.destroyed)
    expect(front.waiting).toBe(3)
    expect(second.destroyed).toBe(false)
  })

  it('answers a first line that does not end with 431', async () => {
    const { counters, knock } = await startFront()
    const client = await knock()
    let answer = ''
    client.on('data', (bytes: Buffer) => {
      answer += bytes.toString()
    })
    client.write(`GET /${'x'.repeat(2000)}`)
    await until('it to be refused', () => answer.startsWith('HTTP/1.1 431'))
    await until('it to be closed', () => client.destroyed)
    expect(counters.counts.get('limit_header_bytes')).toBe(1)
  })
})
