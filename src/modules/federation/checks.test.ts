import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { federationChecks } from './checks.ts'
import { removeFolders, standForFederation, startTemporaryServer, type FederationStand, type TemporaryServer } from './federation.fixture.ts'
import { startBentProvider, type BentProvider } from './oidc-provider.fixture.ts'
import { newSigner } from './saml-provider.fixture.ts'
import { findProvider, listProviders, outside } from './store.ts'

let server: TemporaryServer
let stand: FederationStand
let bent: BentProvider
beforeAll(async () => {
  server = await startTemporaryServer()
  stand = await standForFederation(server)
  bent = await startBentProvider()
})
afterAll(async () => {
  await bent.close()
  await server.stop()
  removeFolders()
})

/** A listener on loopback that hands what it gets to our routes, or to something that takes every word. */
async function listener(answer?: () => { status: number; location?: string; cookie?: string }): Promise<{ url: string; close(): void }> {
  const http = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece)).on('end', () => {
      void (async () => {
        const url = new URL(request.url ?? '/', 'http://localhost')
        const visitor = stand.visitor()
        for (const pair of (request.headers.cookie ?? '').split('; ')) if (pair.includes('=')) visitor.cookies[pair.slice(0, pair.indexOf('='))] = pair.slice(pair.indexOf('=') + 1)
        const given = answer?.() ?? (await visitor.answer(`${request.method} ${url.pathname.slice('/api/v1'.length)}`, Buffer.concat(pieces), { query: Object.fromEntries(url.searchParams) }).catch(() => ({ status: 400 })))
        const cookies = answer ? [given as { cookie?: string }].flatMap(({ cookie }) => cookie ?? []) : visitor.lastSetCookies.map(({ name, value }) => `__Host-${name}=${value}; Path=/`)
        const location = 'location' in given ? given.location : undefined
        response.writeHead(given.status, { ...(typeof location === 'string' ? { location } : {}), 'set-cookie': cookies }).end()
      })()
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, close: () => { http.closeAllConnections(); http.close() } }
}

const run = async (localUrl: string) => {
  const [check] = federationChecks({ offered: () => listProviders(outside(stand.db.app)), localUrl: () => localUrl })
  return check!.run({ at: stand.clock.now(), signal: AbortSignal.timeout(60_000) } as never)
}

it('words that no provider has said are tried on every provider, and refused', async () => {
  const { url, close } = await listener()
  expect(await run(url)).toMatchObject({ verdict: 'unknown', summary: 'no identity provider is set up' })
  const { certificate } = await newSigner()
  const saml = await stand.provider({ kind: 'saml', title: 'Directory', issuer: 'https://idp.example', signInUrl: 'https://idp.example/sso', certificates: [certificate] })
  const oidc = await stand.provider({ kind: 'oidc', title: 'Accounts', issuer: bent.issuer, clientId: 'vouchsafe', clientSecret: 'a long secret' })
  const found = await run(url)
  expect(found).toMatchObject({ verdict: 'holds', declared: 2 })
  expect(found.evidence).toMatchObject({ seen: { [saml]: { unasked: { reason: 'not-begun-here' }, forged: { reason: 'not-trusted' } }, [oidc]: { unasked: { reason: 'not-begun-here' }, 'forged logout': { status: 400 } } } })
  expect(await stand.audit()).toContain('a signature that does not fit')
  expect(await findProvider(outside(stand.db.app), saml)).toBeDefined()
  close()
})

it('an installation that takes one of them fails', async () => {
  for (const answer of [{ status: 303, location: '/console' }, { status: 303, location: '/console/sign-in?problem=x', cookie: '__Host-session=abc; Path=/' }]) {
    const { url, close } = await listener(() => answer)
    expect(await run(url), JSON.stringify(answer)).toMatchObject({ verdict: 'fails' })
    close()
  }
  const broken = await listener(() => ({ status: 503 }))
  expect(await run(broken.url)).toMatchObject({ verdict: 'unknown' })
  broken.close()
})
