import { VouchsafeError } from '#core/errors'
import type { addressesOf } from './parts.ts'
import { Refusal } from './refusal.ts'
import { METADATA, POST_BINDING, PROTOCOL, REDIRECT_BINDING, SIGNATURE } from './saml-words.ts'
import { childrenOf, escaped, everyElement, readXml, type Element } from './xml.ts'

/** What a provider's metadata says that we need. */
export interface IdentityProviderMetadata {
  issuer: string
  signInUrl: string
  signOutUrl?: string
  /** As they stand there: base64, without PEM. */
  certificates: string[]
  signsRequests: boolean
}

/**
 * Reads SAML metadata of one identity provider (SAML 2.0 Metadata §2.4.3). Its signature is not looked at: it is believed
 * because whoever may set providers up has pasted it, or because it came over TLS from the address they gave.
 * @throws VouchsafeError `bad-input`
 */
export function readMetadata(xml: string): IdentityProviderMetadata {
  const bad = (message: string, mend: string): VouchsafeError => new VouchsafeError('bad-input', message, { mend, fields: [{ pointer: '/metadata', message }] })
  let root: Element
  try {
    root = readXml(xml, { comments: true })
  } catch (error) {
    if (error instanceof Refusal) throw bad(`This is no metadata: ${error.why}.`, 'Paste the XML document that the provider offers for download.')
    throw error
  }
  const entities = root.namespace === METADATA && root.name === 'EntityDescriptor' ? [root] : [...everyElement(root)].filter((one) => one.namespace === METADATA && one.name === 'EntityDescriptor')
  const found = entities.flatMap((entity) => childrenOf(entity, METADATA, 'IDPSSODescriptor').filter((role) => (role.attributes.get('protocolSupportEnumeration') ?? '').split(/\s+/).includes(PROTOCOL)).map((role) => ({ entity, role })))
  const [one] = found
  if (one === undefined) throw bad('This metadata describes no identity provider.', 'Take the metadata of the identity provider, not of an application.')
  if (found.length > 1) throw bad('This metadata describes several identity providers.', 'Take the metadata of one.')
  const issuer = one.entity.attributes.get('entityID') ?? ''
  const locationOf = (service: string): string | undefined => childrenOf(one.role, METADATA, service).find((element) => element.attributes.get('Binding') === REDIRECT_BINDING)?.attributes.get('Location')
  const signInUrl = locationOf('SingleSignOnService')
  if (signInUrl === undefined) throw bad('This identity provider takes no sign-in by the redirect binding.', 'Switch the HTTP-Redirect binding on there.')
  const signOutUrl = locationOf('SingleLogoutService')
  const keys = childrenOf(one.role, METADATA, 'KeyDescriptor').filter((key) => (key.attributes.get('use') ?? 'signing') === 'signing')
  const certificates = [...new Set(keys.flatMap((key) => [...everyElement(key)].filter((element) => element.namespace === SIGNATURE && element.name === 'X509Certificate').map(({ text }) => text.replace(/\s+/g, ''))))]
  if (certificates.length === 0) throw bad('This metadata has no certificate to verify signatures with.', 'Take the metadata that holds the signing certificate.')
  return { issuer, signInUrl, ...(signOutUrl === undefined ? {} : { signOutUrl }), certificates, signsRequests: one.role.attributes.get('WantAuthnRequestsSigned') === 'true' }
}

/** Our own metadata, for the provider: who we are there, and where it sends people to (SAML 2.0 Metadata §2.4.4). */
export function ownMetadata({ addresses, certificate, signsRequests, singleLogout }: { addresses: ReturnType<typeof addressesOf>; certificate: string; signsRequests: boolean; singleLogout: boolean }): string {
  const key = certificate.replace(/-----[^-]+-----/g, '').replace(/\s+/g, '')
  const descriptor = (use: string): string => `<md:KeyDescriptor use="${use}"><ds:KeyInfo xmlns:ds="${SIGNATURE}"><ds:X509Data><ds:X509Certificate>${key}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    `<md:EntityDescriptor xmlns:md="${METADATA}" entityID="${escaped(addresses.metadata)}">`,
    `<md:SPSSODescriptor AuthnRequestsSigned="${signsRequests}" WantAssertionsSigned="true" protocolSupportEnumeration="${PROTOCOL}">`,
    descriptor('signing'),
    descriptor('encryption'),
    singleLogout ? `<md:SingleLogoutService Binding="${REDIRECT_BINDING}" Location="${escaped(addresses.logout)}"/>` : '',
    `<md:AssertionConsumerService Binding="${POST_BINDING}" Location="${escaped(addresses.acs)}" index="0" isDefault="true"/>`,
    '</md:SPSSODescriptor></md:EntityDescriptor>\n',
  ].join('')
}
