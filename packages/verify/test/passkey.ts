import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { challengeFor, encodeStatement, keyIdOf, PAYLOAD_TYPE, preAuthenticationEncoding, toBase64, type Envelope, type PasskeyAssertion, type PasskeyKey, type Statement } from '../src/index.ts'

export type Algorithm = 'ES256' | 'EdDSA' | 'RS256'

/** What a test may have the authenticator or the browser say instead. */
export interface Bent {
  type?: string
  challenge?: string
  origin?: string
  crossOrigin?: boolean
  /** Members after the usual ones, as browsers add them at times. */
  more?: object
  clientData?: string
  rpId?: string
  /** UP 0x01, UV 0x04 (WebAuthn §6.1). */
  flags?: number
  tail?: Uint8Array
}

/** A passkey in software: real keys, real signatures. */
export class TestPasskey implements PasskeyKey {
  readonly rpId: string
  readonly cose: Uint8Array
  readonly algorithm: Algorithm
  readonly #privateKey: KeyObject

  constructor(rpId: string, algorithm: Algorithm = 'ES256') {
    this.rpId = rpId
    this.algorithm = algorithm
    const { privateKey, publicKey } =
      algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : algorithm === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('rsa', { modulusLength: 2048 })
    this.#privateKey = privateKey
    const jwk = publicKey.export({ format: 'jwk' })
    const bytes = (text = ''): Buffer => Buffer.from(text, 'base64url')
    const hex = (text: string): Buffer => Buffer.from(text, 'hex')
    this.cose = Uint8Array.from(
      Buffer.concat(
        algorithm === 'ES256' ? [hex('a5010203262001215820'), bytes(jwk.x), hex('225820'), bytes(jwk.y)] : algorithm === 'EdDSA' ? [hex('a4010103272006215820'), bytes(jwk.x)] : [hex('a401030339010020590100'), bytes(jwk.n), hex('2143010001')],
      ),
    )
  }

  get keyId(): string {
    return keyIdOf(this.cose)
  }

  assert(message: Uint8Array, bent: Bent = {}): PasskeyAssertion {
    const { type = 'webauthn.get', challenge = challengeFor(message), origin = `https://${this.rpId}`, crossOrigin = false, more = {}, rpId = this.rpId, flags = 0x1d, tail = new Uint8Array() } = bent
    const clientDataJSON = Buffer.from(bent.clientData ?? JSON.stringify({ type, challenge, origin, crossOrigin, ...more }))
    const authenticatorData = Buffer.concat([createHash('sha256').update(rpId).digest(), Buffer.of(flags, 0, 0, 0, 7), tail])
    const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientDataJSON).digest()])
    const signature = sign(this.algorithm === 'EdDSA' ? null : 'sha256', signed, this.#privateKey)
    return { authenticatorData: Uint8Array.from(authenticatorData), clientDataJSON: Uint8Array.from(clientDataJSON), signature: Uint8Array.from(signature) }
  }

  seal(statement: Statement, bent: Bent = {}): Envelope {
    const payload = encodeStatement(statement)
    const { signature, authenticatorData, clientDataJSON } = this.assert(preAuthenticationEncoding(PAYLOAD_TYPE, payload), bent)
    return { payload: toBase64(payload), payloadType: PAYLOAD_TYPE, signatures: [{ keyid: this.keyId, sig: toBase64(signature), authenticatorData: toBase64(authenticatorData), clientDataJSON: toBase64(clientDataJSON) }] }
  }
}
