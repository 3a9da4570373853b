import { AwsV4Signer } from 'aws4fetch'
import { askKeyService, bytesOf } from './key-service.ts'
import type { RootKey } from './root-key.ts'

/**
 * A root key in AWS KMS (a symmetric key). The context is the encryption context, which KMS authenticates and records in
 * CloudTrail in clear: it names organisation and key, no person.
 * @param options.keyId id, ARN or alias
 */
export function awsRoot(options: { keyId: string; region: string; accessKeyId: string; secretAccessKey: string; sessionToken?: string; endpoint?: string }): RootKey {
  const url = options.endpoint ?? `https://kms.${options.region}.amazonaws.com/`
  const service = `AWS KMS in ${options.region}`
  const ask = async (action: 'Encrypt' | 'Decrypt', fields: object) => {
    const body = JSON.stringify({ KeyId: options.keyId, ...fields })
    const signed = await new AwsV4Signer({
      method: 'POST', url, body, service: 'kms', region: options.region, accessKeyId: options.accessKeyId, secretAccessKey: options.secretAccessKey,
      ...(options.sessionToken === undefined ? {} : { sessionToken: options.sessionToken }),
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${action}` },
    }).sign()
    return askKeyService({ service, url, headers: signed.headers, body }, (_status, text) => /InvalidCiphertextException|IncorrectKeyException/.test(text))
  }
  return {
    // Aliases and plain ids mean another key in another region; an ARN names its region itself.
    id: `aws-kms:${options.keyId.startsWith('arn:') ? '' : `${options.region}/`}${options.keyId}`,
    async wrap(plain, context) {
      const answer = await ask('Encrypt', { Plaintext: Buffer.from(plain).toString('base64'), EncryptionContext: { vouchsafe: context } })
      return bytesOf(answer['CiphertextBlob'], service)
    },
    async unwrap(wrapped, context) {
      const answer = await ask('Decrypt', { CiphertextBlob: Buffer.from(wrapped).toString('base64'), EncryptionContext: { vouchsafe: context } })
      return bytesOf(answer['Plaintext'], service)
    },
    describe: () => `${service}, key ${options.keyId}`,
  }
}
