import { createSocket } from 'node:dgram'
import { afterEach, describe, expect, it } from 'vitest'
import { ask } from './exchange.ts'

/** A UDP server that answers each query with whatever datagrams the script makes of it. */
async function startForger(script: (query: Buffer) => Buffer[]): Promise<{ address: string; port: number; stop(): void }> {
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    for (const reply of script(query)) socket.send(reply, from.port, from.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return { address: '127.0.0.1', port: socket.address().port, stop: () => socket.close() }
}

/** The query turned into an answer with one A record. */
function answer(query: Buffer, address: readonly number[], change: (bytes: Buffer) => void = () => {}): Buffer {
  const question = query.subarray(12, query.length - 11)
  const header = Buffer.from([query[0]!, query[1]!, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0])
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address])
  const bytes = Buffer.concat([header, question, record])
  change(bytes)
  return bytes
}

describe('a DNS question', () => {
  let stop: (() => void) | undefined
  afterEach(() => {
    stop?.()
    stop = undefined
  })
  const question = { name: 'good.test', type: 'A' } as const

  it('is not answered by forged datagrams that come first', async () => {
    const forger = await startForger((query) => [
      Buffer.from('garbage'),
      answer(query, [6, 6, 6, 6], (bytes) => bytes.writeUInt16BE((bytes.readUInt16BE(0) + 1) & 0xffff, 0)), // another id
      answer(query, [6, 6, 6, 6], (bytes) => bytes.write('evil', 13, 'latin1')), // another question
      answer(query, [6, 6, 6, 6], (bytes) => bytes.writeUInt8(0x01, 2)), // no response at all
      answer(query, [192, 0, 2, 1]),
    ])
    stop = forger.stop
    expect((await ask(forger, question, 1000)).answers[0]?.data).toEqual({ kind: 'address', address: '192.0.2.1' })
  })

  it('ends in time when nothing fits', async () => {
    const forger = await startForger(() => [Buffer.from('garbage')])
    stop = forger.stop
    await expect(ask(forger, question, 200)).rejects.toMatchObject({ code: 'timeout' })
  })

  it('is refused at once where nobody listens', async () => {
    const forger = await startForger(() => [])
    forger.stop()
    await expect(ask(forger, question, 5000)).rejects.toMatchObject({ code: 'refused' })
  })
})
