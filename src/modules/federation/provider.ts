import { z } from 'zod'
import { VouchsafeError } from '#core/errors'
import { readCertificate } from './certificate.ts'
import { STRONG_VALUES } from './vouched.ts'

export type ProviderId = string & { readonly __provider: never }

/** ASCII letters after IDNA: what follows the @ of an address, compared whole. */
const domain = z.string().trim().toLowerCase().regex(/^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/, 'a domain such as example.com')

const address = z.url({ protocol: /^https?$/ }).max(1000).refine((text) => !text.includes('#') && new URL(text).username === '' && new URL(text).password === '', 'an address without a fragment or a password')

const certificate = z.string().max(20_000).transform((text, context) => {
  try {
    return readCertificate(text).pem
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof VouchsafeError ? error.message : 'is no certificate' })
    return z.NEVER
  }
})
const attribute = z.string().min(1).max(300)

const common = {
  title: z.string().trim().min(1).max(80),
  /** Off: offered to nobody, and nobody comes in by it. */
  enabled: z.boolean().default(true),
  /** Empty: nobody is created; people are linked, or redeem an invitation. */
  createFor: z.array(domain).max(100).default([]),
  /** Groups that whoever is created is put into. */
  defaultGroups: z.array(z.uuid()).max(20).default([]),
  groupsFrom: attribute.optional(),
  /** What the provider calls a group → a group here. Only these follow the provider. */
  groups: z.array(z.strictObject({ named: z.string().min(1).max(300), group: z.uuid() })).max(200).default([]),
  secondFactor: z.enum(['ours', 'when-said', 'trusted']).default('ours'),
  strongValues: z.array(z.string().min(1).max(300)).max(20).default([...STRONG_VALUES]),
  singleLogout: z.boolean().default(true),
} as const

export const OidcSettings = z.strictObject({
  kind: z.literal('oidc'),
  ...common,
  issuer: address,
  clientId: z.string().min(1).max(300),
  clientAuthentication: z.enum(['secret-basic', 'secret-post', 'private-key']).default('secret-basic'),
  scopes: z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/)).max(20).default(['openid', 'email', 'profile']), // RFC 6749 §3.3
  /** For directories that name only addresses of their own, and do not say `email_verified`. */
  addressesAreVerified: z.boolean().default(false),
})

export const SamlSettings = z.strictObject({
  kind: z.literal('saml'),
  ...common,
  /** Entity id. */
  issuer: z.string().min(1).max(1024), // SAML 2.0 Core §8.3.6
  signInUrl: address,
  signOutUrl: address.optional(),
  /** More than one while the provider changes its key. */
  certificates: z.array(certificate).min(1).max(4),
  signsRequests: z.boolean().default(true),
  /** Left out: the NameID, which then must be one that stays. */
  subjectAttribute: attribute.optional(),
  emailAttribute: attribute.optional(),
  nameAttribute: attribute.optional(),
})

export const ProviderSettings = z.discriminatedUnion('kind', [OidcSettings, SamlSettings])
export type OidcSettings = z.infer<typeof OidcSettings>
export type SamlSettings = z.infer<typeof SamlSettings>
export type ProviderSettings = z.infer<typeof ProviderSettings>

export interface Provider {
  id: ProviderId
  settings: ProviderSettings
  hasSecret: boolean
  /** PEM: a certificate for SAML, a public key for OIDC. */
  publicKey?: string
  version: number
  createdAt: Date
  changedAt: Date
}

/** What decides whose word is believed. Whoever changes one of these could sign in as anybody who comes by this provider. */
const TRUST = ['issuer', 'clientId', 'addressesAreVerified', 'signInUrl', 'certificates', 'subjectAttribute', 'secondFactor', 'strongValues'] as const

/** Whether a change touches what people's accounts rest on. */
export const changesTrust = (fields: readonly string[]): boolean => fields.some((field) => (TRUST as readonly string[]).includes(field))

/** @throws VouchsafeError `bad-input` where an address would be called without TLS, other than on this machine for trials */
export function requireTls(settings: ProviderSettings, allowPrivate: boolean): void {
  const urls = settings.kind === 'oidc' ? { issuer: settings.issuer } : { signInUrl: settings.signInUrl, ...(settings.signOutUrl === undefined ? {} : { signOutUrl: settings.signOutUrl }) }
  for (const [field, url] of Object.entries(urls)) {
    if (new URL(url).protocol === 'https:' || (allowPrivate && isThisMachine(url))) continue
    throw new VouchsafeError('bad-input', 'Identity providers are called by https only.', { mend: 'Give an https address.', fields: [{ pointer: `/${field}`, message: 'must begin with https:' }] })
  }
}

export const isThisMachine = (url: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname)

/** The fields that differ, by name. */
export function changedFields(before: ProviderSettings, after: ProviderSettings): string[] {
  const [a, b] = [before as Record<string, unknown>, after as Record<string, unknown>]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name])).toSorted()
}
