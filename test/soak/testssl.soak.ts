import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFolder, missingPrograms, removeFolder } from '../servers/programs.ts'
import { compareSights, sightOfProbe, sightOfTestssl } from '../servers/testssl.ts'
import { startTlsVariety } from '../servers/tls-variety.ts'
import type { TlsVariety } from '../servers/tls-variety.ts'

const missing = missingPrograms('nginx', 'openssl', 'testssl')

const KINDS = ['good', 'old', 'only13', 'only12', 'null', 'anonymous', 'noSecrecy', 'cbcOnly', 'expired', 'wrongName', 'sha1', 'curve', 'unordered', 'missing', 'selfSigned', 'foreign', 'hsts']

/** Every server of the variety against testssl.sh, in all sections that the probe has an answer to. Some five minutes. */
describe.skipIf(missing.length > 0)(`agreement with testssl.sh on every server${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`, () => {
  let folder: string
  let servers: TlsVariety
  beforeAll(async () => {
    folder = makeFolder('testssl-soak')
    servers = await startTlsVariety(folder)
  })
  afterAll(async () => {
    await servers?.stop()
    removeFolder(folder)
  })

  it.each(KINDS)('the probe and testssl.sh see the same in the server "%s"', async (kind) => {
    const port = servers.ports[kind]!
    const options = { at: new Date(), timeoutMs: 10_000, trust: [servers.root.pem], allowPrivate: true }
    const theirs = await sightOfTestssl(folder, 'good.test', port, servers.root.certificate, ['-p', '-S', '-s', '-f', '-h'])
    const { disagreements, rows } = compareSights(theirs, await sightOfProbe('good.test', port, options))
    expect(disagreements).toEqual([])
    expect(rows).toBeGreaterThanOrEqual(12)
  }, 300_000)
})
