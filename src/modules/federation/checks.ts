import { generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto'
import type { Json, Verdict } from '@vouchsafe/verify'
import { verdictOf, type Check, type TargetObservation } from '#core/check'
import { messageOf } from '#core/errors'
import type { Provider } from './provider.ts'
import { ASSERTION, BEARER, PERSISTENT, PROTOCOL, SIGNATURE, SUCCESS } from './saml-words.ts'
import { escaped } from './xml.ts'

export interface FederationCheckParts {
  /** Providers that are switched on. */
  offered(): Promise<readonly Provider[]>
  /** Address of our own listener; empty until it is open. */
  localUrl(): string
}

const DAY = 86_400

/** Tries, over our own listener, to come in by every provider with words that it has not said. */
export function federationChecks({ offered, localUrl }: FederationCheckParts): readonly Check[] {
  return [
    {
      definition: {
        id: 'federation/forged-words',
        kind: 'built-in',
        title: 'Nobody signs in, or ends a session, with a word that no identity provider has said',
        controls: ['customer-sso', 'workforce-mfa'],
        method:
          'For every identity provider that is offered, sends to our own listener what an attacker would: an answer that was never asked for, and a forgery signed with a key made for this run (SAML: a response to a sign-in that was really begun; OpenID Connect: a logout token). No session may be given, and no forgery taken. Without a provider there is nothing to try, which is unknown.',
        cadenceSeconds: DAY,
        freshnessSeconds: 3 * DAY, // two runs may be missed over a restart
        confirmations: 1,
        maxAttempts: 1,
        timeLimitSeconds: 120,
        canContradict: true,
        vouching: 'software',
        namedOnly: true,
        revision: 1,
      },
      targets: async () => (await offered()).map(({ id }) => `provider ${id}`),
      async run({ at, signal }) {
        const providers = await offered()
        const targets: TargetObservation[] = []
        const seen: Record<string, Json> = {}
        for (const provider of providers) {
          const { verdict, summary, answers } = await look(provider, localUrl(), at, signal).catch((error: unknown) => ({ verdict: 'unknown' as Verdict, summary: `could not be tried: ${messageOf(error)}`, answers: {} }))
          targets.push({ target: `provider ${provider.id}`, verdict, summary })
          seen[provider.id] = answers
        }
        if (targets.length === 0) return { verdict: 'unknown', summary: 'no identity provider is set up', targets, declared: 0, evidence: {} }
        const verdict = verdictOf(targets)
        return { verdict, summary: targets.find((target) => target.verdict === verdict)?.summary ?? '', targets, declared: targets.length, evidence: { seen } }
      },
    },
  ]
}

interface Answer {
  status: number
  location: string
  cookies: readonly string[]
}

/** Each try, and what an honest answer to it is. */
async function look({ id, settings }: Provider, localUrl: string, at: Date, signal: AbortSignal): Promise<{ verdict: Verdict; summary: string; answers: Record<string, Json> }> {
  if (localUrl === '') throw new Error('the listener is not open yet')
  const path = `/api/v1/federation/${id}`
  const ask = async (to: string, options: RequestInit = {}): Promise<Answer> => {
    const answer = await fetch(new URL(to, localUrl), { ...options, redirect: 'manual', signal: AbortSignal.any([signal, AbortSignal.timeout(15_000)]), headers: { 'user-agent': 'vouchsafe self check', ...(options.headers as Record<string, string> | undefined) } })
    await answer.arrayBuffer()
    return { status: answer.status, location: answer.headers.get('location') ?? '', cookies: answer.headers.getSetCookie() }
  }
  const form = (fields: Record<string, string>, cookie = ''): RequestInit => ({ method: 'POST', body: new URLSearchParams(fields), headers: { cookie } })
  const begun = randomBytes(16).toString('hex')
  const answers: Record<string, Answer> = {}
  if (settings.kind === 'oidc') {
    answers['unasked'] = await ask(`${path}/callback?code=forged&state=${begun}&iss=${encodeURIComponent(settings.issuer)}`)
    answers['forged logout'] = await ask(`${path}/back-channel-logout`, form({ logout_token: forgedLogoutToken(settings, at) }))
  } else {
    answers['unasked'] = await ask(`${path}/acs`, form({ SAMLResponse: Buffer.from(forgedResponse({ issuer: settings.issuer, base: new URL(path, localUrl).href, requestId: `_${begun}`, at })).toString('base64'), RelayState: begun }))
    const started = await ask(`${path}/start`)
    const [, name = '', state = '', value = ''] = /^(__Host-federation-([0-9a-f]{32}))=([^;]+)/.exec(started.cookies[0] ?? '') ?? []
    // Reached under its public address alone, it sends us there: whoever is there is not asked by a check.
    if (name !== '') answers['forged'] = await ask(`${path}/acs`, form({ SAMLResponse: Buffer.from(forgedResponse({ issuer: settings.issuer, base: new URL(path, localUrl).href, requestId: `_${state}`, at })).toString('base64'), RelayState: state }, `${name}=${value}`))
  }
  const told = Object.fromEntries(Object.entries(answers).map(([what, { status, location }]) => [what, { status, reason: /problem=([\w-]+)/.exec(location)?.[1] ?? '' }]))
  const taken = Object.entries(answers).find(([, answer]) => answer.cookies.some((cookie) => /^__Host-(session|sign-in)=[^;]/.test(cookie)) || (answer.status === 303 ? !answer.location.includes('problem=') : answer.status < 400))
  if (taken) return { verdict: 'fails', summary: `${settings.title}: the try “${taken[0]}” was not refused`, answers: told }
  const broken = Object.entries(answers).find(([, { status }]) => status >= 500 || status === 429)
  if (broken) return { verdict: 'unknown', summary: `${settings.title}: the try “${broken[0]}” was answered ${broken[1].status}`, answers: told }
  return { verdict: 'holds', summary: `${Object.keys(answers).length} words that the provider has not said were refused`, answers: told }
}

function forgedLogoutToken({ issuer, clientId }: { issuer: string; clientId: string }, at: Date): string {
  const now = Math.floor(at.getTime() / 1000)
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg: 'RS256', typ: 'logout+jwt' })}.${part({ iss: issuer, aud: clientId, iat: now, exp: now + 60, jti: randomUUID(), sid: randomUUID(), events: { 'http://schemas.openid.net/event/backchannel-logout': {} } })}`
  return `${text}.${sign('sha256', Buffer.from(text), generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey).toString('base64url')}`
}

/** Everything in it is as it should be, but for the signature. */
function forgedResponse({ issuer, base, requestId, at }: { issuer: string; base: string; requestId: string; at: Date }): string {
  const time = (seconds: number): string => new Date(at.getTime() + seconds * 1000).toISOString()
  const [id, algorithm] = [`_${randomBytes(16).toString('hex')}`, 'http://www.w3.org/2001/10/xml-exc-c14n#']
  const signature = `<ds:Signature xmlns:ds="${SIGNATURE}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="${algorithm}"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="#${id}"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform Algorithm="${algorithm}"/></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>${randomBytes(32).toString('base64')}</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>${randomBytes(256).toString('base64')}</ds:SignatureValue></ds:Signature>`
  const assertion = `<saml:Assertion xmlns:saml="${ASSERTION}" ID="${id}" Version="2.0" IssueInstant="${time(0)}"><saml:Issuer>${escaped(issuer)}</saml:Issuer>${signature}<saml:Subject><saml:NameID Format="${PERSISTENT}">${randomUUID()}</saml:NameID><saml:SubjectConfirmation Method="${BEARER}"><saml:SubjectConfirmationData NotOnOrAfter="${time(300)}" Recipient="${base}/acs" InResponseTo="${requestId}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${time(-60)}" NotOnOrAfter="${time(300)}"><saml:AudienceRestriction><saml:Audience>${base}/metadata</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="${time(-5)}"><saml:AuthnContext><saml:AuthnContextClassRef>mfa</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement></saml:Assertion>`
  return `<samlp:Response xmlns:samlp="${PROTOCOL}" ID="_${randomBytes(16).toString('hex')}" Version="2.0" IssueInstant="${time(0)}" InResponseTo="${requestId}"><samlp:Status><samlp:StatusCode Value="${SUCCESS}"/></samlp:Status>${assertion}</samlp:Response>`
}
