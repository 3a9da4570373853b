import { post } from '../api/client.ts'
import { Problem } from '../api/problem.ts'
import type { OwnPasskey, Signing } from '../key/key-record.ts'

/** Has a passkey sign a challenge (WebAuthn §7.2); all in base64url, as the browser gives it. */
export async function signWith({ credentialId, transports }: Pick<OwnPasskey, 'credentialId' | 'transports'>, rpId: string, challenge: string): Promise<{ authenticatorData: string; clientDataJSON: string; signature: string }> {
  const { startAuthentication } = await import('@simplewebauthn/browser')
  if (rpId !== location.hostname) throw new Problem({ status: 400, code: 'bad-input', message: `This passkey signs on ${rpId}.`, mend: 'Open the console there.' })
  const { response } = await startAuthentication({ optionsJSON: { challenge, rpId, userVerification: 'required', allowCredentials: [{ id: credentialId, type: 'public-key', transports: [...transports] as never }] } })
  const { authenticatorData, clientDataJSON, signature } = response
  return { authenticatorData, clientDataJSON, signature }
}

/** Lets a passkey sign attestations from now on: it signs that once, itself. */
export async function beginSigning(passkey: OwnPasskey): Promise<Signing> {
  const { challenge, rpId } = await post<{ challenge: string; rpId: string }>('/me/signing/options', { passkey: passkey.id })
  return post<Signing>('/me/signing', { passkey: passkey.id, ...(await signWith(passkey, rpId, challenge)) })
}

export interface Words {
  claim?: string
  sentence?: string
  control?: string
  statement: string
  until: string
}

const standard = (base64url: string): string => {
  const text = base64url.replaceAll('-', '+').replaceAll('_', '/')
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}

/** The server writes the statement, the passkey signs it, the server puts it into the log. */
export async function attestWith(signing: Signing, passkey: OwnPasskey, words: Words): Promise<{ digest: string }> {
  const { payload, challenge, rpId } = await post<{ payload: string; challenge: string; rpId: string }>('/attestations/prepare', { keyId: signing.keyId, ...words })
  const { authenticatorData, clientDataJSON, signature } = await signWith(passkey, rpId, challenge)
  const signed = { keyid: signing.keyId, sig: standard(signature), authenticatorData: standard(authenticatorData), clientDataJSON: standard(clientDataJSON) }
  return post<{ digest: string }>('/attestations', { envelope: { payload, payloadType: 'application/vnd.in-toto+json', signatures: [signed] } })
}
