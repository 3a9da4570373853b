export interface ProviderRecord {
  id: string
  kind?: 'oidc' | 'saml'
  title?: string
  enabled?: boolean
  issuer?: string
  clientId?: string
  clientAuthentication?: string
  addressesAreVerified?: boolean
  signInUrl?: string
  signOutUrl?: string
  certificates?: readonly string[]
  subjectAttribute?: string
  emailAttribute?: string
  nameAttribute?: string
  createFor?: readonly string[]
  groupsFrom?: string
  secondFactor?: 'ours' | 'when-said' | 'trusted'
  singleLogout?: boolean
  createdAt?: string
  /** What is to be entered at the provider. */
  addresses?: Readonly<Record<string, string>>
}

export const KINDS = { oidc: 'OpenID Connect', saml: 'SAML 2.0' } as const
export const PROVIDERS = '/federation/providers'
