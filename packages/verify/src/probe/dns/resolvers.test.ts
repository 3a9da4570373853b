import { describe, expect, it } from 'vitest'
import { parseResolvConf, parseServer } from './resolvers.ts'

describe('DNS servers', () => {
  it('are read with and without a port', () => {
    expect(parseServer('192.0.2.1')).toEqual({ address: '192.0.2.1', port: 53 })
    expect(parseServer('192.0.2.1:5353')).toEqual({ address: '192.0.2.1', port: 5353 })
    expect(parseServer('2001:db8::1')).toEqual({ address: '2001:db8::1', port: 53 })
    expect(parseServer('[2001:db8::1]:5353')).toEqual({ address: '2001:db8::1', port: 5353 })
    for (const text of ['dns.example', '192.0.2.1:0', '192.0.2.1:99999', '']) expect(() => parseServer(text), text).toThrow(/IP address/)
  })

  it('of a machine are the first three of its resolv.conf', () => {
    const text = '# a comment\nsearch example.com\nnameserver 192.0.2.1\nnameserver  2001:db8::1\nnameserver name.example\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n'
    expect(parseResolvConf(text).map((server) => server.address)).toEqual(['192.0.2.1', '2001:db8::1', '192.0.2.3'])
  })
})
