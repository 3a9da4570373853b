import { messageOf } from '#core/errors'
import { readCertificate } from './certificate.ts'
import { isOidc, isSaml } from './flow.ts'
import type { Oidc } from './oidc.ts'
import type { Provider } from './provider.ts'
import { Refusal } from './refusal.ts'
import { PERSISTENT } from './saml-words.ts'

/** One thing that was looked at when a provider was tried. */
export interface Finding {
  what: string
  ok: boolean
  detail: string
}

/** A certificate that ends within this is worth a word: providers announce a new one a month ahead. */
const SOON_MS = 30 * 86_400_000

/** Looks at a provider without signing anybody in. */
export async function tryProvider(provider: Provider, oidc: Oidc, at: Date): Promise<Finding[]> {
  if (isOidc(provider)) {
    try {
      const { server, keys } = await oidc.look(provider, at)
      const methods = server.code_challenge_methods_supported
      return [
        { what: 'Discovery', ok: true, detail: `It answers as ${server.issuer}.` },
        { what: 'Keys', ok: keys.keys.length > 0, detail: keys.keys.length > 0 ? `It publishes ${keys.keys.length === 1 ? 'one key' : `${keys.keys.length} keys`}.` : 'It publishes no key: nothing that it signs can be verified.' },
        { what: 'PKCE', ok: methods?.includes('S256') ?? true, detail: methods === undefined ? 'It does not say whether it takes PKCE with S256; it is sent in any case.' : methods.includes('S256') ? 'It takes PKCE with S256.' : 'It does not take PKCE with S256.' },
        { what: 'Mix-up', ok: true, detail: server.authorization_response_iss_parameter_supported ? 'Its answers name their issuer (RFC 9207).' : 'Its answers do not name their issuer; each provider has a callback address of its own.' },
        { what: 'Logout', ok: true, detail: `${server.end_session_endpoint === undefined ? 'Its own session stays when somebody signs out here' : 'Signing out here can end its session'}; ${server['backchannel_logout_supported'] === true ? 'it can end sessions here.' : 'it does not end sessions here.'}` },
      ]
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return [{ what: 'Discovery', ok: false, detail: `${error.message} ${error.why.charAt(0).toUpperCase()}${error.why.slice(1).replace(/\.+$/, '')}.` }]
    }
  }
  if (!isSaml(provider)) return []
  return [
    ...provider.settings.certificates.map((text, index): Finding => {
      const what = provider.settings.certificates.length === 1 ? 'Certificate' : `Certificate ${index + 1}`
      try {
        const { validTo } = readCertificate(text)
        const day = validTo.toISOString().slice(0, 10)
        if (validTo <= at) return { what, ok: false, detail: `It ended on ${day}. Signatures are still believed: only its key counts here. Ask whoever runs the provider for the new one.` }
        return { what, ok: true, detail: validTo.getTime() - at.getTime() < SOON_MS ? `It ends on ${day}: add the next one beside it before then.` : `It is good until ${day}.` }
      } catch (error) {
        return { what, ok: false, detail: messageOf(error) }
      }
    }),
    { what: 'Subject', ok: true, detail: provider.settings.subjectAttribute === undefined ? `The NameID says who somebody is; it must be one that stays, such as ${PERSISTENT}.` : `The attribute ${provider.settings.subjectAttribute} says who somebody is.` },
    { what: 'Logout', ok: true, detail: provider.settings.signOutUrl === undefined ? 'Its own session stays when somebody signs out here.' : 'Signing out here ends its session too, and the other way round.' },
  ]
}
