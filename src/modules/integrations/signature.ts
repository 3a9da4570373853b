import { createHmac, createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto'

/** What signs for one endpoint: a secret that both sides know, and a key pair for receivers who would rather know no secret. */
export interface SigningSecret {
  /** 32 bytes. */
  shared: Uint8Array
  /** Ed25519, 32 bytes. Random, not derived: whoever knows the shared secret must not know it. */
  seed: Uint8Array
}

const SECRET_BYTES = 32 // Standard Webhooks: 24 to 64
/** DER of an Ed25519 private key up to its seed (RFC 8410 §7). */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_BYTES = 32

export const newSigningSecret = (): SigningSecret => ({ shared: randomBytes(SECRET_BYTES), seed: randomBytes(32) })

/** As it is sealed: one after the other. */
export const packedSecret = ({ shared, seed }: SigningSecret): Buffer => Buffer.concat([shared, seed])
export const unpackedSecret = (bytes: Buffer): SigningSecret => ({ shared: bytes.subarray(0, SECRET_BYTES), seed: bytes.subarray(SECRET_BYTES) })

/** As it is shown once: `whsec_…`. */
export const secretText = ({ shared }: SigningSecret): string => `whsec_${Buffer.from(shared).toString('base64')}`
/** As anyone may know it: `whpk_…`. */
export const publicKeyText = (secret: SigningSecret): string => `whpk_${createPublicKey(privateKeyOf(secret)).export({ format: 'der', type: 'spki' }).subarray(-PUBLIC_BYTES).toString('base64')}`

const privateKeyOf = ({ seed }: SigningSecret) => createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: 'der', type: 'pkcs8' })

/**
 * The headers of Standard Webhooks: what is signed is `id.timestamp.body`, in seconds. One signature of each form for every
 * secret that is good; a receiver takes any that fits. The time is that of the try: a receiver refuses what is five minutes old.
 */
export function signatureHeaders(id: string, at: Date, body: string, secrets: readonly SigningSecret[]): Record<string, string> {
  const seconds = Math.floor(at.getTime() / 1000)
  const signed = Buffer.from(`${id}.${seconds}.${body}`)
  const symmetric = secrets.map(({ shared }) => `v1,${createHmac('sha256', shared).update(signed).digest('base64')}`)
  const asymmetric = secrets.map((secret) => `v1a,${sign(null, signed, privateKeyOf(secret)).toString('base64')}`)
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': [...symmetric, ...asymmetric].join(' ') }
}
