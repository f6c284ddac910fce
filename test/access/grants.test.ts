import { describe, expect, it } from 'vitest'
import { readGrants } from '../../server/access/grants.ts'
import { ROLES } from '../../server/access.ts'

describe('grants', () => {
  const may = (claims: { stories?: unknown; pages?: unknown }, page: string) => {
    const [story = '', name = ''] = page.split('/')
    return readGrants(claims.stories, claims.pages)({ story, page: name })
  }

  it('of a page beat those of its story, which beat those of *', () => {
    const claims = { stories: { '*': 'read', s1: 'write', s2: 'none' }, pages: { 's1/p1': 'none', 's2/p2': 'manage' } }
    expect(may(claims, 's1/p1')).toBe('none')
    expect(may(claims, 's1/p2')).toBe('write')
    expect(may(claims, 's2/p2')).toBe('manage')
    expect(may(claims, 's2/p1')).toBe('none')
    expect(may(claims, 's3/p1')).toBe('read')
    expect(may({}, 's3/p1')).toBe('none')
  })

  it('of a page give no right to the story’s own document', () => {
    expect(may({ pages: { 's1/p1': 'manage', 's1/_story': 'manage' } }, 's1/_story')).toBe('none')
    expect(may({ stories: { s1: 'write' }, pages: { 's1/_story': 'read' } }, 's1/_story')).toBe('read')
  })

  it('are not found by names that every object has', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(may({ stories: { s1: 'manage' } }, `${name}/p`)).toBe('none')
    }
    expect(may({ stories: JSON.parse('{"__proto__":"manage"}') }, 's1/p')).toBe('none')
  })

  it('are the four that there are, weakest first', () => expect(ROLES).toEqual(['none', 'read', 'write', 'manage']))
})
