export interface ProviderRecord {
  id: string
  kind?: 'oidc' | 'saml'
  title?: string
  enabled?: boolean
  issuer?: string
  clientId?: string
  clientAuthentication?: string
  /** Sent, never shown. */
  clientSecret?: undefined
  scopes?: readonly string[]
  addressesAreVerified?: boolean
  signInUrl?: string
  signOutUrl?: string
  certificates?: readonly string[]
  signsRequests?: boolean
  subjectAttribute?: string
  emailAttribute?: string
  nameAttribute?: string
  createFor?: readonly string[]
  defaultGroups?: readonly string[]
  groupsFrom?: string
  groups?: readonly { named: string; group: string }[]
  secondFactor?: 'ours' | 'when-said' | 'trusted'
  strongValues?: readonly string[]
  singleLogout?: boolean
  /** Our certificate (SAML) or public key (OpenID Connect) in PEM, where it knows us by one. */
  publicKey?: string
  createdAt?: string
  /** What is to be entered at the provider. */
  addresses?: Readonly<Record<string, string>>
}

export const KINDS = { oidc: 'OpenID Connect', saml: 'SAML 2.0' } as const
export const PROVIDERS = '/federation/providers'
