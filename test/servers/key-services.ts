import { createCipheriv, createDecipheriv, randomBytes, verify } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { refuseSignature } from './aws-signature.ts'

export const kmsKeys = { id: 'AKIDEXAMPLE', secret: 'kms+secret/key', region: 'eu-test-1', service: 'kms' }
export const vaultToken = 'hvs.test-token'

/**
 * Vault Transit, AWS KMS and Google Cloud KMS in one small server. Each enforces its own authentication (token, Signature
 * Version 4, a JWT checked against `googleKey`) and really encrypts, the context included.
 */
export async function startKeyServices(googleKey: string) {
  const keys = new Map<string, Buffer>()
  const tokens = new Set<string>()
  const keyOf = (name: string) => keys.get(name) ?? keys.set(name, randomBytes(32)).get(name)!
  const encrypt = (name: string, plain: string, context: string) => {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', keyOf(name), nonce).setAAD(Buffer.from(context))
    return Buffer.concat([nonce, cipher.update(Buffer.from(plain, 'base64')), cipher.final(), cipher.getAuthTag()]).toString('base64')
  }
  const decrypt = (name: string, sealed: string, context: string): string | undefined => {
    const bytes = Buffer.from(sealed, 'base64')
    try {
      const decipher = createDecipheriv('aes-256-gcm', keyOf(name), bytes.subarray(0, 12)).setAAD(Buffer.from(context))
      decipher.setAuthTag(bytes.subarray(-16))
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('base64')
    } catch {
      return undefined
    }
  }
  const server = createServer((request, answer) => {
    void (async () => {
      const parts: Buffer[] = []
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
      const body = Buffer.concat(parts)
      const say = (status: number, value: object) => answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
      const path = request.url ?? ''
      if (services.down) return request.socket.destroy()
      if (path === '/token') {
        const [header = '', claims = '', signature = ''] = (new URLSearchParams(String(body)).get('assertion') ?? '').split('.')
        const said = JSON.parse(Buffer.from(claims, 'base64url').toString() || '{}') as { aud?: string; exp?: number; iat?: number; scope?: string; iss?: string }
        const now = services.now() / 1000
        const good = verify('RSA-SHA256', Buffer.from(`${header}.${claims}`), googleKey, Buffer.from(signature, 'base64url')) && said.aud === services.url + '/token' && said.iss === 'robot@test' && String(said.scope).endsWith('/cloudkms') && Math.abs(now - Number(said.iat)) < 300 && Number(said.exp) <= Number(said.iat) + 3600
        if (!good) return say(400, { error: 'invalid_grant' })
        const token = randomBytes(8).toString('hex')
        tokens.add(token)
        return say(200, { access_token: token, expires_in: 3600, token_type: 'Bearer' })
      }
      const google = /^\/v1\/(projects\/.+):(encrypt|decrypt)$/.exec(path)
      if (google !== null) {
        if (!tokens.has(String(request.headers.authorization).replace('Bearer ', ''))) return say(401, {})
        const { plaintext, ciphertext, additionalAuthenticatedData: context } = JSON.parse(String(body)) as Record<string, string>
        if (google[2] === 'encrypt') return say(200, { ciphertext: encrypt(google[1]!, plaintext!, context!) })
        const opened = decrypt(google[1]!, ciphertext!, context!)
        return opened === undefined ? say(400, { error: { status: 'INVALID_ARGUMENT' } }) : say(200, { plaintext: opened })
      }
      const vault = /^\/v1\/transit\/(encrypt|decrypt)\/(.+)$/.exec(path)
      if (vault !== null) {
        if (request.headers['x-vault-token'] !== vaultToken) return say(403, { errors: ['permission denied'] })
        const { plaintext, ciphertext, associated_data: context } = JSON.parse(String(body)) as Record<string, string>
        if (vault[1] === 'encrypt') return say(200, { data: { ciphertext: `vault:v1:${encrypt(vault[2]!, plaintext!, context!)}` } })
        const opened = decrypt(vault[2]!, ciphertext!.replace('vault:v1:', ''), context!)
        return opened === undefined ? say(400, { errors: ['cipher: message authentication failed'] }) : say(200, { data: { plaintext: opened } })
      }
      const bad = refuseSignature(request, body, kmsKeys)
      if (bad !== undefined) return say(400, { __type: bad })
      const { KeyId, Plaintext, CiphertextBlob, EncryptionContext } = JSON.parse(String(body)) as { KeyId: string; Plaintext: string; CiphertextBlob: string; EncryptionContext: object }
      if (request.headers['x-amz-target'] === 'TrentService.Encrypt') return say(200, { CiphertextBlob: encrypt(KeyId, Plaintext, JSON.stringify(EncryptionContext)) })
      const opened = decrypt(KeyId, CiphertextBlob, JSON.stringify(EncryptionContext))
      return opened === undefined ? say(400, { __type: 'InvalidCiphertextException' }) : say(200, { Plaintext: opened })
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const services = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    down: false,
    now: () => Date.now(),
    tokensGiven: () => tokens.size,
    forgetTokens: () => tokens.clear(),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return services
}
