import { z } from 'zod'
import { VouchsafeError } from '#core/errors'
import { routesOf, type Actor, type Client, type Route } from '#core/module'
import { MOST_WRAP_BYTES, WRAP_KINDS } from './age-file.ts'
import { keyholding } from './contract.ts'
import type { EncryptionKeys, NewWrap } from './encryption-keys.ts'
import type { KeyholdingParts } from './parts.ts'
import type { Asking, SigningPasskeys } from './signing-passkeys.ts'
import { keysOf } from './store.ts'

const route = routesOf(keyholding)
const Instant = z.iso.datetime()
const base64 = z.base64().max(Math.ceil(MOST_WRAP_BYTES / 3) * 4)
const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/).max(8192)
const WrapIn = z.strictObject({ kind: z.enum(WRAP_KINDS), passkey: z.uuid().optional(), file: base64.describe('An age file that holds the identity') })
const WrapOut = z.object({ id: z.string(), kind: z.enum(WRAP_KINDS), passkey: z.string().optional(), createdAt: Instant, file: z.string() })
const KeyOut = z.object({ id: z.string(), recipient: z.string(), keyId: z.string(), createdAt: Instant, endedAt: Instant.optional(), wraps: z.array(WrapOut) })
const SigningOut = z.object({ keyId: z.string(), passkey: z.string(), role: z.string(), rpId: z.string() })
const PasskeyOut = z.object({ id: z.string(), name: z.string(), credentialId: z.string(), transports: z.array(z.string()), prf: z.boolean().optional() })
const BODY_BYTES = 96 * 1024

const wrapIn = ({ kind, passkey, file }: z.infer<typeof WrapIn>): NewWrap => ({ kind, passkey, file: Uint8Array.from(Buffer.from(file, 'base64')) })

/** Whose session it is; the listener lets nobody else come this far. */
function asking({ actor, client }: { actor: Actor; client: Client }): Asking {
  if (actor.kind !== 'person' || actor.by.kind !== 'session') throw new VouchsafeError('not-signed-in', 'Sign in first.')
  return { personId: actor.id, sessionId: actor.by.sessionId, rpId: new URL(client.origin).hostname }
}

export function keyholdingRoutes({ db, passkeysOf }: KeyholdingParts, encryption: EncryptionKeys, signing: SigningPasskeys): readonly Route<typeof keyholding>[] {
  return [
    route({
      on: 'GET /me/keys',
      permit: 'signed-in',
      summary: 'My keys, what opens them, and the passkeys that sign for me',
      reply: z.object({ keys: z.array(KeyOut), signing: z.array(SigningOut), passkeys: z.array(PasskeyOut) }),
      async handle(request) {
        const { personId } = asking(request)
        const [keys, signers, passkeys] = await Promise.all([keysOf(db, personId), signing.of(personId), passkeysOf(personId)])
        return {
          body: {
            keys: keys.map(({ id, recipient, keyId, createdAt, endedAt, wraps }) => ({
              id, recipient, keyId, createdAt: createdAt.toISOString(), ...(endedAt === undefined ? {} : { endedAt: endedAt.toISOString() }),
              wraps: wraps.map((wrap) => ({ id: wrap.id, kind: wrap.kind, createdAt: wrap.createdAt.toISOString(), file: Buffer.from(wrap.file).toString('base64'), ...(wrap.passkeyId === undefined ? {} : { passkey: wrap.passkeyId }) })),
            })),
            signing: signers.map(({ passkeyId, ...rest }) => ({ ...rest, passkey: passkeyId })),
            passkeys: passkeys.map(({ id, name, credentialId, transports, prf }) => ({ id, name, credentialId, transports: [...transports], ...(prf === undefined ? {} : { prf }) })),
          },
        }
      },
    }),
    route({
      on: 'POST /me/keys',
      permit: 'signed-in',
      stepUp: true,
      summary: 'Make this my encryption key; the one before stays mine for what it can read',
      body: z.strictObject({ recipient: z.string().max(100), wraps: z.array(WrapIn).min(2).max(22) }),
      bodyLimitBytes: BODY_BYTES,
      reply: z.object({ id: z.string(), keyId: z.string() }),
      status: 201,
      async handle(request) {
        const { id, keyId } = await encryption.make(asking(request).personId, request.body.recipient, request.body.wraps.map(wrapIn))
        return { body: { id, keyId } }
      },
    }),
    route({
      on: 'POST /me/keys/{key}/wraps',
      permit: 'signed-in',
      stepUp: true,
      summary: 'Another way to open a key of mine, or a new one in the place of the old',
      params: z.object({ key: z.uuid() }),
      body: WrapIn,
      reply: z.object({ id: z.string() }),
      status: 201,
      handle: async (request) => ({ body: await encryption.wrap(asking(request).personId, request.params.key, wrapIn(request.body)) }),
    }),
    route({
      on: 'DELETE /me/keys/{key}/wraps/{wrap}',
      permit: 'signed-in',
      stepUp: true,
      summary: 'Take a way to open a key of mine away',
      params: z.object({ key: z.uuid(), wrap: z.uuid() }),
      reply: z.undefined(),
      status: 204,
      async handle(request) {
        await encryption.unwrap(asking(request).personId, request.params.key, request.params.wrap)
        return { body: undefined }
      },
    }),
    route({
      on: 'POST /me/signing/options',
      permit: 'signed-in',
      stepUp: true,
      summary: 'What a passkey of mine signs so that it may sign attestations',
      body: z.strictObject({ passkey: z.uuid() }),
      reply: z.object({ challenge: z.string(), rpId: z.string(), credentialId: z.string(), transports: z.array(z.string()), role: z.string() }),
      async handle(request) {
        requireAttester(request)
        const { transports, ...rest } = await signing.options(asking(request), request.body.passkey)
        return { body: { ...rest, transports: [...transports] } }
      },
    }),
    route({
      on: 'POST /me/signing',
      permit: 'signed-in',
      stepUp: true,
      summary: 'Let a passkey of mine sign attestations; it goes into the public log under my title',
      body: z.strictObject({ passkey: z.uuid(), authenticatorData: base64url, clientDataJSON: base64url, signature: base64url }),
      reply: SigningOut,
      status: 201,
      async handle(request) {
        requireAttester(request)
        const { passkey, ...assertion } = request.body
        const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64url'))
        const { passkeyId, ...rest } = await signing.add(asking(request), passkey, { authenticatorData: bytes(assertion.authenticatorData), clientDataJSON: bytes(assertion.clientDataJSON), signature: bytes(assertion.signature) })
        return { body: { ...rest, passkey: passkeyId } }
      },
    }),
    route({
      on: 'DELETE /me/signing/{keyId}',
      permit: 'signed-in',
      stepUp: true,
      summary: 'A passkey of mine signs no more attestations, for good; what it signed stays signed',
      params: z.object({ keyId: z.string().regex(/^[0-9a-f]{64}$/) }),
      reply: z.undefined(),
      status: 204,
      async handle(request) {
        await signing.revokeOwn(asking(request).personId, request.params.keyId)
        return { body: undefined }
      },
    }),
  ]
}

/** Nobody's key goes into the public log who may attest nothing. */
function requireAttester({ access }: { access: { mightAllow(question: { verb: 'act'; record: string; name: string }): boolean } }): void {
  if (!access.mightAllow({ verb: 'act', record: 'attestation', name: 'make' })) throw new VouchsafeError('refused', 'You may not make attestations.', { mend: 'Ask whoever gives out roles.' })
}
