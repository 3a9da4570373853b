import { webauthn } from 'age-encryption'
import { describe, expect, it } from 'vitest'
import { fido2prfIdentity, type PasskeyRef } from './fido2prf.ts'

/** What the library reads out of an identity string; it throws where the string is none. */
const read = (identity: string): PasskeyRef => {
  const { credId, rpId, transports } = new webauthn.WebAuthnRecipient({ identity }) as unknown as { credId: Uint8Array; rpId: string; transports: string[] }
  return { credentialId: Buffer.from(credId).toString('base64url'), rpId, transports }
}

describe('the identity string of a passkey', () => {
  it.each([1, 16, 23, 24, 32, 64, 255, 256, 1023])('with a credential id of %i bytes is read back by the age library', (length) => {
    const passkey = { credentialId: Buffer.alloc(length, 0xa7).toString('base64url'), rpId: 'security.example.com', transports: ['internal', 'hybrid'] }
    expect(read(fido2prfIdentity(passkey))).toEqual(passkey)
  })

  it('without transports, and with a long host', () => {
    const passkey = { credentialId: 'eA', rpId: `${'a'.repeat(60)}.${'b'.repeat(60)}.example.com`, transports: [] }
    expect(read(fido2prfIdentity(passkey))).toEqual(passkey)
    expect(fido2prfIdentity(passkey)).toMatch(/^AGE-PLUGIN-FIDO2PRF-1[A-Z0-9]+$/)
  })
})
