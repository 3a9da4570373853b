import { createPrivateKey, createSign, createVerify, X509Certificate } from 'node:crypto'
import { inflateRawSync, deflateRawSync } from 'node:zlib'
import { distrust } from './refusal.ts'

/** What goes over the redirect binding (SAML 2.0 Bindings §3.4). */
export interface RedirectMessage {
  kind: 'SAMLRequest' | 'SAMLResponse'
  xml: string
  relayState?: string
}

const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
/** Signatures over a query that are believed; SHA-1 is none of them. */
const HASHES: Readonly<Record<string, string>> = { [RSA_SHA256]: 'sha256', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384': 'sha384', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512': 'sha512' }

/** Our own messages are some hundred characters; one of a provider that is longer than this is no logout. */
const MOST_BYTES = 64 * 1024

/**
 * The address that carries a message, signed where there is a key (§3.4.4.1).
 * @param privateKey PKCS #8, PEM
 */
export function redirectUrl(to: string, { kind, xml, relayState }: RedirectMessage, privateKey: string | undefined): string {
  const parts = [[kind, deflateRawSync(Buffer.from(xml)).toString('base64')], ...(relayState === undefined ? [] : [['RelayState', relayState]]), ...(privateKey === undefined ? [] : [['SigAlg', RSA_SHA256]])]
  const query = parts.map(([name = '', value = '']) => `${name}=${encodeURIComponent(value)}`).join('&')
  const signature = privateKey === undefined ? '' : `&Signature=${encodeURIComponent(createSign('sha256').update(query).sign(createPrivateKey(privateKey), 'base64'))}`
  return `${to}${to.includes('?') ? '&' : '?'}${query}${signature}`
}

export interface RedirectQuery {
  SAMLRequest?: string | undefined
  SAMLResponse?: string | undefined
  RelayState?: string | undefined
  SigAlg?: string | undefined
  Signature?: string | undefined
}

/**
 * The message of a query that a provider has signed. A query without a signature is refused.
 * @param certificates PEM; any of them may have signed
 * @throws Refusal `not-trusted`
 */
export function readRedirect(query: RedirectQuery, certificates: readonly string[]): RedirectMessage {
  const kind = query.SAMLRequest === undefined ? 'SAMLResponse' : 'SAMLRequest'
  const message = query[kind]
  if (message === undefined || (query.SAMLRequest !== undefined && query.SAMLResponse !== undefined)) throw distrust('a redirect without one message')
  const hash = query.SigAlg !== undefined && Object.hasOwn(HASHES, query.SigAlg) ? HASHES[query.SigAlg] : undefined
  if (query.Signature === undefined || query.SigAlg === undefined || hash === undefined) throw distrust('a redirect that is not signed, or not in a way that can be believed')
  const signature = Buffer.from(query.Signature, 'base64')
  const signed = { [kind]: message, ...(query.RelayState === undefined ? {} : { RelayState: query.RelayState }), SigAlg: query.SigAlg }
  // What was signed is the query as the provider spelt it (§3.4.4.1); we have it read, so every spelling in use is tried.
  // All of them say the same.
  const isSigned = SPELLINGS.some((spell) => {
    const text = Object.entries(signed).map(([name, value]) => `${name}=${spell(value)}`).join('&')
    return certificates.some((certificate) => createVerify(hash).update(text).verify(new X509Certificate(certificate).publicKey, signature))
  })
  if (!isSigned) throw distrust('a redirect whose signature does not fit')
  return { kind, xml: inflated(message), ...(query.RelayState === undefined ? {} : { relayState: query.RelayState }) }
}

const strict = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
const SPELLINGS: readonly ((text: string) => string)[] = [
  encodeURIComponent,
  strict, // RFC 3986, as PHP's rawurlencode
  (text) => strict(text).replaceAll('%20', '+'), // forms, as PHP's urlencode and Java
  (text) => encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (octet) => octet.toLowerCase()), // .NET
]

function inflated(message: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(inflateRawSync(Buffer.from(message, 'base64'), { maxOutputLength: MOST_BYTES }))
  } catch (cause) {
    throw distrust('a message that cannot be unpacked, or is too long', cause)
  }
}
