import { z } from 'zod'
import { challengeFor, decodeStatement, encodeStatement, fromHex, keyIdOf, openEnvelope, PAYLOAD_TYPE, preAuthenticationEncoding, readEnvelope, toBase64, utf8, type Attestation, type KeyChange } from '@vouchsafe/verify'
import { isControlId } from '#core/control'
import { VouchsafeError } from '#core/errors'
import type { Actor as Auditable, Change } from '#core/database'
import { routesOf, type Actor } from '#core/module'
import { shownVersion, wordingsOf } from '#core/page'
import { changeKey, insertAttestation, insertAttestationEnd, instantOf, issue, leafFor, listAttestations, listKeys, revocationOf, verifyingKeyOf, type KeyRecord, type StatementTables } from '#core/statement'
import { spine } from './contract.ts'
import { decidingPerson } from './deciding.ts'
import type { SpineParts } from './parts.ts'

const route = routesOf(spine)
const Hex32 = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits')
const AttestationOut = z.object({
  digest: z.string(),
  claim: z.string().optional(),
  control: z.string().optional(),
  sentence: z.string().optional(),
  statement: z.string(),
  role: z.string(),
  from: z.string(),
  until: z.string(),
  keyId: z.string(),
  endedAt: z.string().optional(),
})
const KeyOut = z.object({ keyId: z.string(), purpose: z.string(), publicKey: z.string(), holder: z.string(), role: z.string(), rpId: z.string().optional(), revokedAt: z.string().optional() })
const Prepared = z.object({ payload: z.string().describe('The statement, canonical, in Base 64'), challenge: z.string().describe('What the passkey is to sign'), rpId: z.string() })
const LONGEST_DAYS = 400 // a year and a month to renew in; longer than that nobody remembers what they said

/** What a passkey signed is brought in by whoever holds it, in their own session. */
function requireOwn(key: KeyRecord, actor: Actor): void {
  if (key.rpId === undefined || (actor.kind === 'person' && actor.id === key.holder)) return
  throw new VouchsafeError('not-allowed', 'This is the passkey of somebody else.', { mend: 'Sign with one of your own.' })
}

export function attestationRoutes({ db, signer, refresh, naming }: SpineParts) {
  return [
    route({
      on: 'GET /attestations',
      permit: 'anyone',
      summary: 'What named roles have attested, and until when',
      reply: z.object({ items: z.array(AttestationOut) }),
      async handle() {
        const all = await listAttestations(db)
        return {
          body: {
            items: all.map(({ leafId: _leaf, from, until, endedAt, ...rest }) => ({ ...rest, from: from.toISOString(), until: until.toISOString(), ...(endedAt ? { endedAt: endedAt.toISOString() } : {}) })),
          },
        }
      },
    }),
    route({
      on: 'POST /attestations',
      permit: 'attestation.make',
      summary: 'Record an attestation that a person has signed with their own key',
      body: z.strictObject({ envelope: z.unknown() }),
      reply: AttestationOut,
      status: 201,
      async handle({ body, actor, at }) {
        const envelope = readEnvelope(body.envelope)
        const keys = await countingKeys()
        const { payload, keyId } = openEnvelope(envelope, (id) => {
          const key = keys.find((candidate) => candidate.keyId === id)
          return key && verifyingKeyOf(key)
        })
        const statement = decodeStatement(payload)
        if (statement.kind !== 'attestation') throw new VouchsafeError('bad-input', `This is a ${statement.kind} statement, not an attestation.`)
        const attestation = statement.predicate
        const key = keys.find((candidate) => candidate.keyId === keyId)!
        requireOwn(key, actor)
        await requireAcceptable(attestation, key, at)
        const issued = leafFor(envelope)
        // The same words, signed once: sent again, they would be a second entry that says nothing new, or undo an end.
        if ((await listAttestations(db)).some(({ digest }) => digest === issued.digest)) throw new VouchsafeError('conflict', 'This attestation has been recorded already.')
        await db.change({ actor: await decidingPerson(actor, naming), action: 'attestation.make', subject: { kind: attestation.claim ? 'claim' : 'control', id: attestation.claim ?? attestation.control! }, detail: { role: attestation.role, until: attestation.until } }, (tx: Change<StatementTables>) =>
          insertAttestation(tx, attestation, keyId, issued),
        )
        await refresh()
        return { body: { ...attestation, digest: issued.digest, keyId } }
      },
    }),
    route({
      on: 'POST /attestations/prepare',
      permit: 'attestation.make',
      summary: 'The statement that a passkey of mine is to sign',
      body: z.strictObject({ keyId: Hex32, claim: z.string().max(100).optional(), sentence: Hex32.optional(), control: z.string().max(100).optional(), statement: z.string().trim().min(1).max(2000), until: z.iso.datetime() }),
      reply: Prepared,
      async handle({ body, actor, at }) {
        const key = (await countingKeys()).find(({ keyId }) => keyId === body.keyId)
        if (key?.rpId === undefined) throw new VouchsafeError('not-found', 'No such passkey counts for attestations.', { mend: 'Choose a passkey of yours to attest with first, in your account.' })
        requireOwn(key, actor)
        const { claim, control, sentence = '' } = body
        if ((claim === undefined) === (control === undefined)) throw new VouchsafeError('bad-input', 'An attestation is of a claim or of a control.')
        const attestation: Attestation = { ...(claim === undefined ? { control: control! } : { claim, sentence }), statement: body.statement, role: key.role, from: instantOf(at), until: instantOf(new Date(body.until)) }
        await requireAcceptable(attestation, key, at)
        const subject = claim === undefined ? { name: `control:${control}`, digest: { sha256: keyIdOf(utf8(control!)) } } : { name: `claim:${claim}`, digest: { sha256: sentence } }
        const payload = encodeStatement({ kind: 'attestation', subject: [subject], predicate: attestation })
        decodeStatement(payload) // whatever the verifier would refuse is refused before somebody signs it
        return { body: { payload: toBase64(payload), challenge: challengeFor(preAuthenticationEncoding(PAYLOAD_TYPE, payload)), rpId: key.rpId } }
      },
    }),
    route({
      on: 'POST /attestations/{digest}/end',
      permit: 'attestation.make',
      summary: 'End an attestation before its date',
      params: z.object({ digest: Hex32 }),
      body: z.strictObject({ reason: z.enum(['withdrawn', 'replaced']).default('withdrawn') }),
      reply: z.object({ ok: z.boolean() }),
      async handle({ params, body, actor, at }) {
        const found = (await listAttestations(db)).find((attestation) => attestation.digest === params.digest)
        if (!found) throw new VouchsafeError('not-found', 'There is no such attestation.')
        if (found.endedAt) throw new VouchsafeError('conflict', 'This attestation has been ended already.')
        const end = { attestation: params.digest, reason: body.reason, at: instantOf(at) }
        const issued = await issue(signer, 'attestation-end', [{ name: 'attestation', sha256: params.digest }], end)
        await db.change({ actor: await decidingPerson(actor, naming), action: 'attestation.end', subject: { kind: 'attestation', id: params.digest } }, (tx: Change<StatementTables>) => insertAttestationEnd(tx, end, issued))
        await refresh()
        return { body: { ok: true } }
      },
    }),
    route({
      on: 'GET /keys',
      permit: 'anyone',
      summary: 'The keys that count: public, and in the log',
      reply: z.object({ items: z.array(KeyOut) }),
      async handle() {
        const keys = await listKeys(db)
        return { body: { items: keys.map(({ leafId: _leaf, revokedAt, ...key }) => ({ ...key, ...(revokedAt ? { revokedAt: revokedAt.toISOString() } : {}) })) } }
      },
    }),
    route({
      on: 'POST /keys',
      permit: 'key.change',
      summary: 'Let a person’s, runner’s or sender’s key count',
      body: z.strictObject({ publicKey: Hex32, purpose: z.enum(['attestation', 'runner', 'sender']), holder: z.string().regex(/^[0-9a-z-]{8,64}$/, 'a random id, not a name'), role: z.string().min(1).max(100) }),
      reply: KeyOut,
      status: 201,
      async handle({ body, actor, at }) {
        const keyId = keyIdOf(fromHex(body.publicKey))
        if ((await listKeys(db)).some((key) => key.keyId === keyId && key.purpose === body.purpose)) throw new VouchsafeError('conflict', 'This key has been added before; a key that was revoked never counts again.', { mend: 'Make a new key.' })
        await change(await decidingPerson(actor, naming), { action: 'added', purpose: body.purpose, key: body.publicKey, holder: body.holder, role: body.role, at: instantOf(at) })
        return { body: { keyId, ...body } }
      },
    }),
    route({
      on: 'DELETE /keys/{keyId}',
      permit: 'key.change',
      summary: 'Stop a key from counting; what it signed before stays signed',
      params: z.object({ keyId: Hex32 }),
      reply: z.object({ ok: z.boolean() }),
      async handle({ params, actor, at }) {
        const keys = (await listKeys(db)).filter((key) => key.keyId === params.keyId && !key.revokedAt && key.purpose !== 'statement' && key.purpose !== 'encryption')
        if (keys.length === 0) throw new VouchsafeError('not-found', 'No such key counts.')
        for (const key of keys) await change(await decidingPerson(actor, naming), revocationOf(key, instantOf(at)))
        return { body: { ok: true } }
      },
    }),
  ]

  async function change(actor: Auditable, what: KeyChange): Promise<void> {
    const keyId = keyIdOf(fromHex(what.key))
    await db.change({ actor, action: `key.${what.action}`, subject: { kind: 'key', id: keyId }, detail: { purpose: what.purpose, role: what.role } }, (tx: Change<StatementTables>) => changeKey(tx, signer, what))
  }

  async function countingKeys(): Promise<KeyRecord[]> {
    return (await listKeys(db)).filter((key) => key.purpose === 'attestation' && !key.revokedAt)
  }

  async function requireAcceptable(attestation: Attestation, key: KeyRecord, at: Date): Promise<void> {
    if (attestation.role !== key.role) throw new VouchsafeError('bad-input', `The key belongs to the role "${key.role}", the attestation says "${attestation.role}".`)
    if (attestation.control !== undefined && !isControlId(attestation.control)) throw new VouchsafeError('bad-input', `No control is called ${attestation.control}.`)
    if (attestation.claim !== undefined) await requireWording(attestation.claim, attestation.sentence!)
    if (new Date(attestation.until) <= at) throw new VouchsafeError('bad-input', 'The attestation has ended already.')
    if (new Date(attestation.until).getTime() - at.getTime() > LONGEST_DAYS * 86_400_000) throw new VouchsafeError('bad-input', `An attestation lasts at most ${LONGEST_DAYS} days.`, { mend: 'Choose an earlier date, and renew it then.' })
  }

  async function requireWording(claim: string, sentence: string): Promise<void> {
    const shown = await shownVersion(db)
    const wording = shown && (await wordingsOf(db, shown.version.id)).find((candidate) => candidate.claimId === claim)
    if (!wording) throw new VouchsafeError('not-found', `Claim ${claim} is not on the page.`)
    if (wording.digest !== sentence) throw new VouchsafeError('conflict', 'The sentence has changed since it was read; an attestation holds for one wording.', { mend: 'Read the claim again and attest what it says now.' })
  }
}
