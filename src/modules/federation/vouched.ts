/**
 * What a provider says of somebody, once its word has been verified: the same from OIDC and SAML. Nothing in here comes
 * from bytes that were not signed.
 */
export interface Vouched {
  issuer: string
  /** Never given to another person by this issuer (OpenID Connect Core §5.7; SAML 2.0 Core §8.3.7). */
  subject: string
  displayName?: string
  /** Only where the provider vouches that it is theirs. */
  email?: string
  /** Whether an address was said that the provider does not vouch for. */
  unverifiedEmail?: true
  groups: readonly string[]
  /** What it says of how they signed in there: `amr`, `acr`, authentication context classes. */
  methods: readonly string[]
  /** When they showed there who they are. */
  authenticatedAt?: Date
  /** The provider's own session: `sid`, SessionIndex. */
  session?: string
  /** What ends the provider's session: an id token, or a NameID with its format. Sealed wherever it is kept. */
  handle?: LogoutHandle
}

export type LogoutHandle =
  | { kind: 'oidc'; idToken: string }
  | { kind: 'saml'; nameId: string; format?: string; nameQualifier?: string; spNameQualifier?: string; sessionIndex?: string }

/** Whether our own second factor is asked as well. */
export type SecondFactorRule =
  /** Always, whatever the provider says. */
  | 'ours'
  /** Not where the provider says that it asked for one. */
  | 'when-said'
  /** Never: the organisation knows that the provider asks everybody. */
  | 'trusted'

/** RFC 8176 §2: `mfa`; phishing-resistant ones (OpenID EAP ACR values); REFEDS and Entra for SAML. */
export const STRONG_VALUES = ['mfa', 'phr', 'phrh', 'https://refeds.org/profile/mfa', 'http://schemas.microsoft.com/claims/multipleauthn'] as const

/** Whether the provider's word alone stands for two factors. */
export const isStrongWord = ({ methods }: Pick<Vouched, 'methods'>, rule: SecondFactorRule, strongValues: readonly string[]): boolean =>
  rule === 'trusted' || (rule === 'when-said' && methods.some((method) => strongValues.includes(method)))
