import { createSign } from 'node:crypto'
import type { Clock } from '#core/clock'
import { VouchsafeError } from '#core/errors'
import { askKeyService, bytesOf } from './key-service.ts'
import type { RootKey } from './root-key.ts'

/** The fields we use of a service account's key file. */
export interface ServiceAccount {
  client_email: string
  private_key: string
  token_uri: string
}

/** Tokens live an hour; we ask anew a little before, so that none ends on its way. */
const tokenSeconds = 3600
const renewBeforeMs = 60_000

/**
 * A root key in Google Cloud KMS (symmetric encryption), called as a service account (RFC 7523 §2.1).
 * @param options.key projects/…/locations/…/keyRings/…/cryptoKeys/…
 */
export function gcpRoot(options: { key: string; account: ServiceAccount; clock: Clock; endpoint?: string }): RootKey {
  if (!/^projects\/[\w:.-]+\/locations\/[\w-]+\/keyRings\/[\w-]+\/cryptoKeys\/[\w-]+$/.test(options.key)) {
    throw new VouchsafeError('bad-input', `"${options.key}" is no name of a key in Google Cloud KMS.`, { mend: 'Write projects/…/locations/…/keyRings/…/cryptoKeys/….' })
  }
  const base = (options.endpoint ?? 'https://cloudkms.googleapis.com').replace(/\/+$/, '')
  const service = 'Google Cloud KMS'
  let token: { value: string; until: number } | undefined

  const accessToken = async (): Promise<string> => {
    const now = options.clock.now().getTime()
    if (token !== undefined && now < token.until - renewBeforeMs) return token.value
    const assertion = signedAssertion(options.account, now)
    const answer = await askKeyService(
      { service: 'Google sign-in', url: options.account.token_uri, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }).toString() },
      () => false,
    )
    const { access_token: value, expires_in: seconds } = answer
    if (typeof value !== 'string' || typeof seconds !== 'number') throw new VouchsafeError('unavailable', 'Google sign-in answers without a token.', { mend: 'Check token_uri in the key file of the service account.' })
    token = { value, until: now + seconds * 1000 }
    return value
  }
  const ask = async (what: 'encrypt' | 'decrypt', body: object) =>
    askKeyService(
      { service, url: `${base}/v1/${options.key}:${what}`, headers: { 'content-type': 'application/json', authorization: `Bearer ${await accessToken()}` }, body: JSON.stringify(body) },
      (status) => what === 'decrypt' && status === 400,
    )
  const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes as string).toString('base64')
  return {
    id: `gcp-kms:${options.key}`,
    async wrap(plain, context) {
      return bytesOf((await ask('encrypt', { plaintext: base64(plain), additionalAuthenticatedData: base64(context) }))['ciphertext'], service)
    },
    async unwrap(wrapped, context) {
      return bytesOf((await ask('decrypt', { ciphertext: base64(wrapped), additionalAuthenticatedData: base64(context) }))['plaintext'], service)
    },
    describe: () => `${service}, ${options.key}`,
  }
}

function signedAssertion(account: ServiceAccount, nowMs: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const issuedAt = Math.floor(nowMs / 1000)
  const claims = { iss: account.client_email, scope: 'https://www.googleapis.com/auth/cloudkms', aud: account.token_uri, iat: issuedAt, exp: issuedAt + tokenSeconds }
  const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`
  try {
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(account.private_key, 'base64url')}`
  } catch {
    // Without the cause: it may quote the key.
    throw new VouchsafeError('bad-input', 'The private key of the Google service account cannot be used.', { mend: 'Name the JSON key file as Google gave it.' })
  }
}
