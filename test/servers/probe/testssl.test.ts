import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFolder, missingPrograms, removeFolder } from '../programs.ts'
import { compareSights, sightOfProbe, sightOfTestssl } from '../testssl.ts'
import { startTlsVariety } from '../tls-variety.ts'
import type { TlsVariety } from '../tls-variety.ts'

const missing = missingPrograms('nginx', 'openssl', 'testssl')

// Two servers and two sections: testssl.sh takes some ten seconds for each. All of them: test/soak/testssl.soak.ts.
describe.skipIf(missing.length > 0)(`agreement with testssl.sh${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`, () => {
  let folder: string
  let servers: TlsVariety
  beforeAll(async () => {
    folder = makeFolder('testssl')
    servers = await startTlsVariety(folder)
  })
  afterAll(async () => {
    await servers?.stop()
    removeFolder(folder)
  })

  it.concurrent.each(['old', 'missing'])('the probe and testssl.sh see the same in the server "%s"', async (kind) => {
    const port = servers.ports[kind]!
    const options = { at: new Date(), timeoutMs: 10_000, trust: [servers.root.pem], allowPrivate: true }
    const theirs = await sightOfTestssl(folder, 'good.test', port, servers.root.certificate, ['-p', '-S'])
    const { disagreements, rows } = compareSights(theirs, await sightOfProbe('good.test', port, options))
    expect(disagreements).toEqual([])
    expect(rows).toBeGreaterThanOrEqual(10)
  }, 180_000)
})
