import { createDecipheriv, createHash, createHmac, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto'
import { ProbeError } from '../failure.ts'
import type { Visit } from '../visit.ts'
import { TLS13_SUITES } from './ciphers.ts'
import { converse } from './exchange.ts'
import { handshakeOf, u16, u8, vector, writeClientHello } from './hello.ts'
import { MAX_FLIGHT_BYTES, readReply, readTls13Certificates } from './reply.ts'
import type { ServerHello } from './reply.ts'

const CIPHERS = {
  0x1301: { algorithm: 'aes-128-gcm', hash: 'sha256', keyBytes: 16 },
  0x1302: { algorithm: 'aes-256-gcm', hash: 'sha384', keyBytes: 32 },
  0x1303: { algorithm: 'chacha20-poly1305', hash: 'sha256', keyBytes: 32 },
} as const
type Cipher = (typeof CIPHERS)[keyof typeof CIPHERS]

/**
 * The certificates of a TLS 1.3 server exactly as it sends them: Node shows them only after putting them in order.
 * The handshake is read as far as Certificate and then dropped; that the host holds the key is proven elsewhere.
 * @returns undefined when the server wants another group than X25519
 * @throws ProbeError
 */
export function sentChain13(visit: Visit): Promise<Buffer[] | undefined> {
  return visit.connected(visit.site.host, visit.site.port, async (socket, limitMs) => {
    const own = generateKeyPairSync('x25519')
    const raw = Buffer.from(own.publicKey.export({ format: 'jwk' }).x!, 'base64url')
    const suites = TLS13_SUITES.map((suite) => suite.id).filter((id) => id in CIPHERS)
    const record = writeClientHello({ version: 'TLS 1.3', suites, host: visit.site.host, keyShare: raw })
    const answer = await converse(socket, record, limitMs, (bytes): { certificates: Buffer[] | undefined } | undefined => {
      const reply = readReply(bytes)
      if (reply.kind === 'more') return undefined
      if (reply.kind === 'alert') throw new ProbeError('refused', `the handshake was refused (alert ${reply.description})`)
      const { hello, sealed } = reply.flight
      const cipher = (CIPHERS as Record<number, Cipher>)[hello.suite]
      if (hello.retry || hello.keyShare === undefined || hello.keyShare.length !== 32 || cipher === undefined) return { certificates: undefined }
      const jwk = { kty: 'OKP', crv: 'X25519', x: hello.keyShare.toString('base64url') }
      const shared = diffieHellman({ privateKey: own.privateKey, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) })
      const messages = unseal(sealed, cipher, serverTrafficSecret(cipher, shared, handshakeOf(record), hello))
      const certificates = findCertificates(messages)
      return certificates === undefined ? undefined : { certificates }
    })
    if (answer === 'closed') throw new ProbeError('refused', 'the connection was closed during the handshake')
    return answer.certificates
  })
}

/** RFC 8446 §7.1, as far as server_handshake_traffic_secret. */
function serverTrafficSecret(cipher: Cipher, shared: Buffer, clientHello: Buffer, hello: ServerHello): Buffer {
  const { hash } = cipher
  const zeros = Buffer.alloc(createHash(hash).digest().length)
  const early = extract(hash, zeros, zeros)
  const derived = expandLabel(hash, early, 'derived', createHash(hash).digest(), zeros.length)
  const master = extract(hash, derived, shared)
  return expandLabel(hash, master, 's hs traffic', createHash(hash).update(clientHello).update(hello.message).digest(), zeros.length)
}

const extract = (hash: string, salt: Buffer, key: Buffer): Buffer => createHmac(hash, salt).update(key).digest()

/** One block of HKDF-Expand is all that these lengths need (RFC 5869 §2.3). */
function expandLabel(hash: string, secret: Buffer, label: string, context: Buffer, length: number): Buffer {
  const info = Buffer.concat([u16(length), vector(1, Buffer.from(`tls13 ${label}`)), vector(1, context), u8(1)])
  return createHmac(hash, secret).update(info).digest().subarray(0, length)
}

/** Opens handshake records (RFC 8446 §5.2–5.3). @throws ProbeError `malformed` when one does not open */
function unseal(records: readonly Buffer[], cipher: Cipher, secret: Buffer): Buffer {
  const key = expandLabel(cipher.hash, secret, 'key', Buffer.alloc(0), cipher.keyBytes)
  const iv = expandLabel(cipher.hash, secret, 'iv', Buffer.alloc(0), 12)
  const opened: Buffer[] = []
  for (const [sequence, record] of records.entries()) {
    const nonce = Buffer.from(iv)
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ sequence) >>> 0, 8)
    try {
      const box = createDecipheriv(cipher.algorithm as 'aes-128-gcm', key, nonce, { authTagLength: 16 })
      box.setAAD(record.subarray(0, 5))
      box.setAuthTag(record.subarray(-16))
      const plain = Buffer.concat([box.update(record.subarray(5, -16)), box.final()])
      let end = plain.length
      while (end > 0 && plain[end - 1] === 0) end--
      if (plain[end - 1] === 22) opened.push(plain.subarray(0, end - 1))
    } catch (cause) {
      throw new ProbeError('malformed', 'a TLS record that does not open under the agreed key', { cause })
    }
  }
  return Buffer.concat(opened)
}

function findCertificates(messages: Buffer): Buffer[] | undefined {
  for (let at = 0; at + 4 <= messages.length; ) {
    const length = messages.readUIntBE(at + 1, 3)
    if (length > MAX_FLIGHT_BYTES) throw new ProbeError('too-large', 'a handshake message of more than 128 KiB')
    if (at + 4 + length > messages.length) return undefined
    if (messages[at] === 11) return readTls13Certificates(messages.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return undefined
}
