import { describe, expect, it } from 'vitest'
import { highest } from '../../server/cluster/rendezvous.ts'
import { roomOf, targetOf } from '../../server/cluster/target.ts'

const ROOMS = Array.from({ length: 500 }, (_, index) => `story-${index % 40}/page-${index}`)

const shares = (candidates: readonly string[]): number[] =>
  candidates.map((candidate) => ROOMS.filter((room) => highest(room, candidates) === candidate).length)

describe('who has a room', () => {
  it.each([
    [['1', '2']],
    [['1', '2', '3']],
    [['1', '2', '3', '4']],
    [['http://10.0.0.1:1234', 'http://10.0.0.2:1234']],
    [['http://10.0.0.1:1234', 'http://10.0.0.2:1234', 'http://10.0.0.3:1234']],
  ])('is spread evenly within 20 % over %j', (candidates) => {
    const even = ROOMS.length / candidates.length
    for (const share of shares(candidates)) expect(Math.abs(share - even)).toBeLessThanOrEqual(even * 0.2)
  })

  it('does not depend on the order in which candidates are known', () => {
    for (const room of ROOMS) expect(highest(room, ['a', 'b', 'c'])).toBe(highest(room, ['c', 'a', 'b']))
  })

  it('changes for the rooms of a candidate that leaves, and for no others', () => {
    for (const room of ROOMS) {
      const before = highest(room, ['1', '2', '3'])
      const after = highest(room, ['1', '3'])
      if (before !== '2') expect(after).toBe(before)
      else expect(['1', '3']).toContain(after)
    }
  })

  it('stays what it was in versions before: nodes of two versions agree', () => {
    expect(ROOMS.slice(0, 8).map((room) => highest(room, ['1', '2', '3']))).toEqual([
      '1',
      '1',
      '2',
      '2',
      '1',
      '3',
      '3',
      '1',
    ])
    expect(highest('s/p', [])).toBe(null)
  })
})

describe('what a request is about', () => {
  it.each([
    ['/collab/story/page', 'story/page'],
    ['/collab/story/page?token=x/y', 'story/page'],
    ['/collab/a%20b/%E6%B1%89', 'a b/汉'],
    ['/collab/story/pages/page', null],
    ['/collab/story', null],
    ['/collab/pages/one', 'pages/one'],
    ['/api/v1/stories/story/pages/page', 'story/page'],
    ['/api/v1/stories/story/pages/page/updates?x=1', 'story/page'],
    ['/api/v1/stories/story/pages', 'story/_story'],
    ['/api/v1/stories/story/sync', 'story/_story'],
    ['/api/v1/stories/story?x', 'story/_story'],
    ['/api/v1/stories', null],
    ['/api/v1/stories/%zz/pages/page', null],
    ['/api/v1/admin/compact', null],
    ['/api/v1/admin/rooms', null],
    ['/api/v1/admin/rooms/s/p/close', 's/p'],
    ['/', null],
    ['*', null],
  ])('%s: %s', (target, room) => {
    expect(roomOf(target)).toBe(room)
  })

  it.each([
    ['GET /collab/a/b HTTP/1.1\r\nHost: x', '/collab/a/b'],
    ['\r\n\r\nPOST /x HTTP/1.0\r\n', '/x'],
    ['GET http://x/collab/a/b HTTP/1.1\r\n', 'http://x/collab/a/b'],
    ['nonsense\r\n', null],
    ['', null],
  ])('is read from the first line %j', (head, target) => {
    expect(targetOf(Buffer.from(head))).toBe(target)
  })
})
