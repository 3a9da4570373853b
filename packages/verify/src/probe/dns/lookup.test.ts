import { createSocket } from 'node:dgram'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Lookup } from './lookup.ts'
import { writeName } from './message.ts'

/** Aliases by name; what is none of them has the address 192.0.2.1. Each answer shows one step only. */
const ALIASES: Record<string, string> = { 'a.test': 'b.test', 'b.test': 'a.test', 'self.test': 'self.test', 'short.test': 'end.test' }
for (let step = 0; step < 30; step++) ALIASES[`s${step}.test`] = `s${step + 1}.test`

describe('following aliases', () => {
  const socket = createSocket('udp4')
  let lookup: Lookup
  let asked = 0
  beforeAll(async () => {
    socket.on('message', (query, from) => {
      asked++
      const labels: string[] = []
      for (let at = 12; query[at]! > 0; at += 1 + query[at]!) labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!))
      const alias = ALIASES[labels.join('.')]
      const data = alias === undefined ? Buffer.from([192, 0, 2, 1]) : writeName(alias)
      const header = Buffer.from([query[0]!, query[1]!, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0])
      const record = Buffer.concat([Buffer.from([0xc0, 12, 0, alias === undefined ? 1 : 5, 0, 1, 0, 0, 0, 60, 0, data.length]), data])
      socket.send(Buffer.concat([header, query.subarray(12, -11), record]), from.port, from.address)
    })
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    lookup = new Lookup([{ address: '127.0.0.1', port: socket.address().port }], () => 1000)
  })
  afterAll(() => socket.close())

  it('goes to the end of the chain', async () => {
    expect(await lookup.find('short.test', 'A')).toMatchObject({ records: [{ kind: 'address', address: '192.0.2.1' }], finalName: 'end.test' })
    expect(await lookup.find('s25.test', 'A')).toMatchObject({ finalName: 's30.test' })
  })

  it.each(['a.test', 'self.test', 's0.test'])('ends with an error where the chain of %s does not', async (name) => {
    const before = asked
    await expect(lookup.find(name, 'A')).rejects.toMatchObject({ code: 'dns', message: expect.stringContaining('circle') })
    expect(asked - before).toBeLessThanOrEqual(12)
  })

  it('asks a question once, however often it is put', async () => {
    const before = asked
    await Promise.all([lookup.find('once.test', 'A'), lookup.find('once.test', 'A')])
    expect(asked - before).toBe(1)
  })
})
