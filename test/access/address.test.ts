import { describe, expect, it } from 'vitest'
import { clientAddress, readProxies } from '../../server/address.ts'

describe('the address of a client', () => {
  const proxies = readProxies(['10.0.0.0/8', '192.0.2.7', 'fd00::/8'])

  it('is that of its connection, whatever it says, unless a trusted proxy says otherwise', () => {
    expect(clientAddress('203.0.113.9', '198.51.100.1', proxies)).toBe('203.0.113.9')
    expect(clientAddress('10.1.2.3', '198.51.100.1', proxies)).toBe('198.51.100.1')
    expect(clientAddress('::ffff:10.1.2.3', '1.1.1.1, 198.51.100.1, 192.0.2.7', proxies)).toBe('198.51.100.1')
    expect(clientAddress('fd00::1', '2001:db8::5', proxies)).toBe('2001:db8::5')
    expect(clientAddress('10.1.2.3', undefined, proxies)).toBe('10.1.2.3')
    expect(clientAddress('10.1.2.3', 'nonsense', proxies)).toBe('10.1.2.3')
    expect(clientAddress('10.1.2.3', '10.0.0.1', proxies)).toBe('10.0.0.1')
  })

  it.each(['10.0.0.0/33', 'example.org', '10.0.0', '::/129', '1.2.3.4/x', '1.2.3.4/8/8'])(
    'is no list with %s',
    (entry) => {
      expect(() => readProxies([entry])).toThrow(entry)
    },
  )
})
