import type { ServerMetadata } from 'openid-client'
import { z } from 'zod'
import { ALGORITHMS } from './jwt.ts'
import { Refusal } from './refusal.ts'

const endpoint = z.url({ protocol: /^https?$/ }).max(2000)

/** What we read of a discovery document (OpenID Connect Discovery §3); the rest is none of our business. */
const Discovered = z.object({
  issuer: z.string(),
  authorization_endpoint: endpoint,
  token_endpoint: endpoint,
  jwks_uri: endpoint,
  userinfo_endpoint: endpoint.optional(),
  end_session_endpoint: endpoint.optional(),
  id_token_signing_alg_values_supported: z.array(z.string()).optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  code_challenge_methods_supported: z.array(z.string()).optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
  backchannel_logout_supported: z.boolean().optional(),
  backchannel_logout_session_supported: z.boolean().optional(),
})

/** OpenID Connect Discovery §4.1: a slash at the end falls away before the path is put on. */
export const discoveryUrl = (issuer: string): string => `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`

/**
 * Reads a discovery document.
 * @param issuer as it is configured; the document must name the very same (§4.3), or somebody else answers
 * @throws Refusal `provider-away` for what cannot be read, `not-trusted` for another issuer
 */
export function readDiscovery(document: unknown, issuer: string): ServerMetadata {
  const read = Discovered.safeParse(document)
  if (!read.success) throw new Refusal('provider-away', `its discovery document lacks ${read.error.issues.map(({ path }) => path.join('.')).join(', ')}`)
  const found = read.data
  if (found.issuer !== issuer) throw new Refusal('not-trusted', `its discovery document is of the issuer ${JSON.stringify(found.issuer.slice(0, 200))}`)
  // Whoever is configured by https is not spoken to in the clear because a document says so.
  const plain = Object.entries(found).find(([, value]) => issuer.startsWith('https:') && typeof value === 'string' && value.startsWith('http:'))
  if (plain) throw new Refusal('not-trusted', `its ${plain[0]} is not https`)
  // INVARIANT: only these reach the verification of id tokens: neither `none` nor any with a shared key. RS256 is what
  // everybody must offer (OpenID Connect Core §15.1), so it stands for those who say nothing.
  const algorithms = (found.id_token_signing_alg_values_supported ?? ['RS256']).filter((name) => Object.hasOwn(ALGORITHMS, name))
  if (algorithms.length === 0) throw new Refusal('not-trusted', 'it signs id tokens in no way that can be verified')
  return { ...found, id_token_signing_alg_values_supported: algorithms } as ServerMetadata
}
