import { VouchsafeError } from '#core/errors'
import { askKeyService, bytesOf } from './key-service.ts'
import type { RootKey } from './root-key.ts'

/**
 * A root key in the Transit engine of HashiCorp Vault or OpenBao. The key must be of an AEAD kind (aes256-gcm96, the
 * default), so that the context is authenticated.
 * @param options.url such as https://vault.example.org:8200; `mount` defaults to `transit`
 */
export function vaultRoot(options: { url: string; key: string; token: string; mount?: string; namespace?: string }): RootKey {
  const mount = options.mount ?? 'transit'
  for (const part of [mount, options.key]) if (!/^[\w-]+(\/[\w-]+)*$/.test(part)) throw new VouchsafeError('bad-input', `"${part}" is no name of a Transit engine or key.`)
  const base = options.url.replace(/\/+$/, '')
  const service = `Vault at ${new URL(base).host}`
  const headers = { 'content-type': 'application/json', 'x-vault-token': options.token, ...(options.namespace === undefined ? {} : { 'x-vault-namespace': options.namespace }) }
  const ask = async (what: 'encrypt' | 'decrypt', body: object) => {
    const answer = await askKeyService(
      { service, url: `${base}/v1/${mount}/${what}/${options.key}`, headers, body: JSON.stringify(body) },
      (status) => what === 'decrypt' && status === 400,
    )
    return (answer['data'] ?? {}) as Record<string, unknown>
  }
  const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes as string).toString('base64')
  return {
    id: `vault:${mount}/${options.key}`,
    async wrap(plain, context) {
      const { ciphertext } = await ask('encrypt', { plaintext: base64(plain), associated_data: base64(context) })
      if (typeof ciphertext !== 'string' || !ciphertext.startsWith('vault:v')) throw new VouchsafeError('unavailable', `${service} answers without a ciphertext.`)
      return Buffer.from(ciphertext)
    },
    async unwrap(wrapped, context) {
      const { plaintext } = await ask('decrypt', { ciphertext: Buffer.from(wrapped).toString('utf8'), associated_data: base64(context) })
      return bytesOf(plaintext, service)
    },
    describe: () => `${service}, key ${mount}/${options.key}`,
  }
}
