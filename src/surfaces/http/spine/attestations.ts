import { z } from 'zod'
import { decodeStatement, fromHex, keyIdOf, openEnvelope, readEnvelope, type KeyChange } from '@vouchsafe/verify'
import { isControlId } from '#core/control'
import { VouchsafeError } from '#core/errors'
import type { Actor as Auditable, Change } from '#core/database'
import { routesOf } from '#core/module'
import { shownVersion, wordingsOf } from '#core/page'
import { insertAttestation, insertAttestationEnd, insertKey, instantOf, issue, leafFor, listAttestations, listKeys, type StatementTables } from '#core/statement'
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
const KeyOut = z.object({ keyId: z.string(), purpose: z.string(), publicKey: z.string(), holder: z.string(), role: z.string(), revokedAt: z.string().optional() })
const LONGEST_DAYS = 400 // a year and a month to renew in; longer than that nobody remembers what they said

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
        const keys = (await listKeys(db)).filter((key) => key.purpose === 'attestation' && !key.revokedAt)
        const { payload, keyId } = openEnvelope(envelope, (id) => {
          const key = keys.find((candidate) => candidate.keyId === id)
          return key && fromHex(key.publicKey)
        })
        const statement = decodeStatement(payload)
        if (statement.kind !== 'attestation') throw new VouchsafeError('bad-input', `This is a ${statement.kind} statement, not an attestation.`)
        const attestation = statement.predicate
        const key = keys.find((candidate) => candidate.keyId === keyId)!
        if (attestation.role !== key.role) throw new VouchsafeError('bad-input', `The key belongs to the role "${key.role}", the attestation says "${attestation.role}".`)
        if (attestation.control !== undefined && !isControlId(attestation.control)) throw new VouchsafeError('bad-input', `No control is called ${attestation.control}.`)
        if (attestation.claim !== undefined) await requireWording(attestation.claim, attestation.sentence!)
        if (new Date(attestation.until) <= at) throw new VouchsafeError('bad-input', 'The attestation has ended already.')
        if (new Date(attestation.until).getTime() - at.getTime() > LONGEST_DAYS * 86_400_000) throw new VouchsafeError('bad-input', `An attestation lasts at most ${LONGEST_DAYS} days.`, { mend: 'Choose an earlier date, and renew it then.' })
        const issued = leafFor(envelope)
        await db.change({ actor: await decidingPerson(actor, naming), action: 'attestation.make', subject: { kind: attestation.claim ? 'claim' : 'control', id: attestation.claim ?? attestation.control! }, detail: { role: attestation.role, until: attestation.until } }, (tx: Change<StatementTables>) =>
          insertAttestation(tx, attestation, keyId, issued),
        )
        await refresh()
        return { body: { ...attestation, digest: issued.digest, keyId } }
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
        await changeKey(await decidingPerson(actor, naming), { action: 'added', purpose: body.purpose, key: body.publicKey, holder: body.holder, role: body.role, at: instantOf(at) }, keyId)
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
        const keys = (await listKeys(db)).filter((key) => key.keyId === params.keyId && !key.revokedAt && key.purpose !== 'statement')
        if (keys.length === 0) throw new VouchsafeError('not-found', 'No such key counts.')
        for (const key of keys) await changeKey(await decidingPerson(actor, naming), { action: 'revoked', purpose: key.purpose, key: key.publicKey, holder: key.holder, role: key.role, at: instantOf(at) }, key.keyId)
        return { body: { ok: true } }
      },
    }),
  ]

  async function changeKey(actor: Auditable, change: KeyChange, keyId: string): Promise<void> {
    const issued = await issue(signer, 'key-change', [{ name: `key:${keyId.slice(0, 16)}`, sha256: keyId }], change)
    await db.change({ actor, action: `key.${change.action}`, subject: { kind: 'key', id: keyId }, detail: { purpose: change.purpose, role: change.role } }, (tx: Change<StatementTables>) => insertKey(tx, keyId, change, issued))
  }

  async function requireWording(claim: string, sentence: string): Promise<void> {
    const shown = await shownVersion(db)
    const wording = shown && (await wordingsOf(db, shown.version.id)).find((candidate) => candidate.claimId === claim)
    if (!wording) throw new VouchsafeError('not-found', `Claim ${claim} is not on the page.`)
    if (wording.digest !== sentence) throw new VouchsafeError('conflict', 'The sentence has changed since it was read; an attestation holds for one wording.', { mend: 'Read the claim again and attest what it says now.' })
  }
}
