import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

/** A software authenticator: real P-256 keys, real ECDSA over real client data, and every part of it can be bent for a test. */
export class Authenticator {
  readonly credentialId = randomBytes(32)
  readonly #key: { privateKey: KeyObject; publicKey: KeyObject } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  userHandle = ''
  counter = 0

  create(options: { challenge: string; user: { id: string }; rp: { id: string } }, bent: Bent = {}) {
    this.userHandle = options.user.id
    const { x = '', y = '' } = this.#key.publicKey.export({ format: 'jwk' })
    // COSE_Key for ES256 (RFC 9053 §7.1.1): {1: 2, 3: -7, -1: 1, -2: x, -3: y}
    const cose = Buffer.concat([Buffer.from('a5010203262001215820', 'hex'), Buffer.from(x, 'base64url'), Buffer.from('225820', 'hex'), Buffer.from(y, 'base64url')])
    const idLength = Buffer.alloc(2)
    idLength.writeUInt16BE(this.credentialId.length)
    const authData = Buffer.concat([this.#authData(bent.rpId ?? options.rp.id, 0x40, bent), Buffer.alloc(16), idLength, this.credentialId, cose])
    // {"fmt": "none", "attStmt": {}, "authData": bytes} in CBOR
    const length = Buffer.alloc(2)
    length.writeUInt16BE(authData.length)
    const attestationObject = Buffer.concat([Buffer.from('a363666d74646e6f6e656761747453746d74a0686175746844617461', 'hex'), Buffer.from([0x59]), length, authData])
    const id = this.credentialId.toString('base64url')
    return {
      id,
      rawId: id,
      type: 'public-key',
      response: { clientDataJSON: clientData('webauthn.create', bent.challenge ?? options.challenge, bent), attestationObject: attestationObject.toString('base64url'), transports: ['internal'] },
      clientExtensionResults: { prf: { enabled: true } },
    }
  }

  get(options: { challenge: string; rpId: string }, bent: Bent = {}) {
    if (bent.counts) this.counter++
    const authenticatorData = this.#authData(bent.rpId ?? options.rpId, 0, bent)
    const client = clientData('webauthn.get', bent.challenge ?? options.challenge, bent)
    const signed = Buffer.concat([authenticatorData, createHash('sha256').update(Buffer.from(client, 'base64url')).digest()])
    const signature = sign('sha256', signed, this.#key.privateKey)
    if (bent.signature) signature[signature.length - 1]! ^= 1
    const id = this.credentialId.toString('base64url')
    return {
      id,
      rawId: id,
      type: 'public-key',
      response: { clientDataJSON: client, authenticatorData: authenticatorData.toString('base64url'), signature: signature.toString('base64url'), userHandle: bent.userHandle ?? this.userHandle },
      clientExtensionResults: {},
    }
  }

  #authData(rpId: string, more: number, { flags = 0x05 | 0x08 | 0x10 }: Bent): Buffer {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(this.counter)
    return Buffer.concat([createHash('sha256').update(rpId).digest(), Buffer.from([flags | more]), counter])
  }
}

export interface Bent {
  origin?: string
  type?: string
  challenge?: string
  rpId?: string
  /** UP 0x01, UV 0x04, BE 0x08, BS 0x10 (WebAuthn §6.1). */
  flags?: number
  crossOrigin?: boolean
  signature?: true
  userHandle?: string
  /** This authenticator counts its uses. */
  counts?: true
}

const clientData = (type: string, challenge: string, bent: Bent): string => Buffer.from(JSON.stringify({ type: bent.type ?? type, challenge, origin: bent.origin ?? 'https://security.example.com', crossOrigin: bent.crossOrigin ?? false })).toString('base64url')
