import { afterEach, describe, expect, it } from 'vitest'
import { PROBES, probeHost } from '@vouchsafe/verify/probe'
import type { CheckReport } from '@vouchsafe/verify/probe'
import { alert, serverHello, ssl2ServerHello, startImpostor } from '../impostor.ts'
import type { Act, SeenHello } from '../impostor.ts'

const TLS12 = 0x0303
const GOOD = 0xc02f

/** Answers TLS 1.2 with the first of `suites` that was offered, and refuses the rest as an honest server would. */
const honest =
  (suites: readonly number[], more: Partial<Parameters<typeof serverHello>[0]> = {}) =>
  (hello: SeenHello | 'ssl2' | undefined): Act => {
    if (hello === undefined || hello === 'ssl2' || hello.version !== (more.version ?? TLS12)) return alert(70)
    const suite = suites.find((id) => hello.suites.includes(id))
    return suite === undefined ? alert(40) : serverHello({ version: TLS12, secureRenegotiation: true, suite, ...more })
  }

describe('servers that no library of today would make', () => {
  let stop: (() => Promise<void>) | undefined
  afterEach(async () => await stop?.())

  const start = async (script: Parameters<typeof startImpostor>[0]): Promise<number> => {
    const server = await startImpostor(script)
    stop = server.stop
    return server.port
  }
  const run = async (id: string, port: number): Promise<CheckReport> =>
    await PROBES.find((probe) => probe.id === id)!.run({ host: 'old.test', port, address: '127.0.0.1' }, { at: new Date(), timeoutMs: 700, allowPrivate: true, resolver: { servers: ['127.0.0.1:1'] } })

  it.each([
    ['RC4', 0x0005],
    ['export', 0x0003],
    ['triple DES', 0x000a],
    ['single DES', 0x0009],
    ['no encryption', 0x0002],
    ['anonymous', 0x0034],
    ['IDEA', 0x0007],
  ])('a suite with %s is found beside a good one', async (weakness, suite) => {
    const report = await run('tls-ciphers', await start(honest([GOOD, suite])))
    expect(report).toMatchObject({ verdict: 'fails', observation: { weak: expect.arrayContaining([expect.objectContaining({ weakness })]) } })
  })

  it('the same server without the weak suite holds', async () => {
    expect(await run('tls-ciphers', await start(honest([GOOD])))).toMatchObject({ verdict: 'holds' })
  })

  it.each([
    [1024, 'fails'],
    [2048, 'holds'],
  ])('a Diffie-Hellman group of %i bits %s', async (dhBits, verdict) => {
    expect(await run('tls-ciphers', await start(honest([GOOD, 0x009e], { dhBits })))).toMatchObject({ verdict, observation: { dhBits } })
  })

  it('integrity without encryption in TLS 1.3 is found', async () => {
    const report = await run('tls-ciphers', await start(honest([0x1301, 0xc0b4], { version: 0x0304 })))
    expect(report).toMatchObject({ verdict: 'fails', observation: { weak: [{ suite: 'TLS_SHA256_SHA256' }] } })
  })

  it('SSL 2.0 is found', async () => {
    const report = await run('tls-versions', await start((hello) => (hello === 'ssl2' ? ssl2ServerHello() : honest([GOOD])(hello))))
    expect(report).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('SSL 2.0 is accepted') })
  })

  it('SSL 3.0 is found, though its hello has no extensions', async () => {
    const script = (hello: SeenHello | 'ssl2' | undefined): Act => (typeof hello === 'object' && hello.version === 0x0300 ? serverHello({ version: 0x0300, suite: 0x000a }) : honest([GOOD])(hello))
    expect(await run('tls-versions', await start(script))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('SSL 3.0 is accepted') })
  })

  it('a server that answers a newer hello with an older version has only the older one', async () => {
    const script = (hello: SeenHello | 'ssl2' | undefined): Act => (typeof hello === 'object' && hello.version >= 0x0301 ? serverHello({ version: 0x0301, suite: 0x002f }) : alert(70))
    expect(await run('tls-versions', await start(script))).toMatchObject({ verdict: 'fails', observation: { versions: { 'TLS 1.0': 'accepted', 'TLS 1.1': 'refused', 'TLS 1.2': 'refused', 'TLS 1.3': 'refused' } } })
  })

  it('compression that is taken fails, and compression that is refused holds', async () => {
    expect(await run('tls-compression', await start(honest([GOOD], { compression: 1 })))).toMatchObject({ verdict: 'fails' })
    await stop?.()
    expect(await run('tls-compression', await start(honest([GOOD])))).toMatchObject({ verdict: 'holds' })
  })

  it('a server without secure renegotiation fails', async () => {
    expect(await run('tls-renegotiation', await start(honest([GOOD], { secureRenegotiation: false })))).toMatchObject({ verdict: 'fails' })
  })

  it('a refusal by closing or resetting counts, as long as good offers are still taken', async () => {
    for (const act of ['close', 'reset'] as const) {
      const script = (hello: SeenHello | 'ssl2' | undefined): Act => (typeof hello === 'object' && hello.version === TLS12 ? honest([GOOD])(hello) : act)
      expect(await run('tls-versions', await start(script)), act).toMatchObject({ verdict: 'holds' })
      await stop?.()
    }
  })

  it('a server that begins to close every connection is unknown, not refusing', async () => {
    let connections = 0
    const script = (hello: SeenHello | 'ssl2' | undefined): Act => (++connections > 3 ? 'close' : honest([GOOD])(hello))
    expect(await run('tls-versions', await start(script))).toMatchObject({ verdict: 'unknown' })
    connections = 0
    await stop?.()
    let ciphers = 0
    const late = (hello: SeenHello | 'ssl2' | undefined): Act => (++ciphers > 12 ? 'close' : honest([GOOD])(hello))
    expect(await run('tls-ciphers', await start(late))).toMatchObject({ verdict: 'unknown' })
  })

  it('an old version that hangs leaves the verdict unknown', async () => {
    const script = (hello: SeenHello | 'ssl2' | undefined): Act => (typeof hello === 'object' && hello.version === 0x0301 ? 'hang' : honest([GOOD])(hello))
    expect(await run('tls-versions', await start(script))).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('TLS 1.0') })
  })

  it.each([
    ['nothing at all', 'hang' as const],
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['random bytes', Buffer.from('16030100ff0200ffff', 'hex')],
    ['an endless record', Buffer.concat([Buffer.from([22, 3, 3, 0xff, 0xff]), Buffer.alloc(70_000)])],
    ['a flood of handshake records', Buffer.concat(Array.from({ length: 40 }, () => Buffer.concat([Buffer.from([22, 3, 3, 0x3f, 0xff, 11, 0xff, 0xff, 0xff]), Buffer.alloc(0x3fff - 4)])))],
  ])('a port that answers with %s is unknown in every check', async (_, act) => {
    const port = await start(() => act)
    const reports = await probeHost({ host: 'old.test', port, address: '127.0.0.1' }, { at: new Date(), timeoutMs: 400, allowPrivate: true, resolver: { servers: ['127.0.0.1:1'] } })
    expect(reports.filter((report) => report.verdict !== 'unknown')).toEqual([])
    expect(reports.length).toBe(PROBES.length)
  })
})
