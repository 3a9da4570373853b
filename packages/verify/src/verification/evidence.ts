import type { EvidenceBundle } from '../bundle.ts'
import { fromBase64, toHex } from '../bytes.ts'
import { commitmentOf } from '../log/leaf.ts'
import { verifyDisclosure } from '../statement/disclosure.ts'
import { envelopeBytes, openEnvelope } from '../statement/envelope.ts'
import { ofKind } from '../statement/keys.ts'
import { decodeStatement } from '../statement/statement.ts'
import { fresh, type Progress, type Proven } from './proven.ts'
import type { Steps } from './report.ts'
import { messageOf, plural } from './trust.ts'

/** A piece of evidence, opened in part: some slot result of the log committed to exactly this statement. */
export function* verifyEvidence(steps: Steps, bundle: EvidenceBundle, proven: Proven): Generator<Progress, void> {
  try {
    const commitment = toHex(commitmentOf(fromBase64(bundle.salt), envelopeBytes(bundle.envelope)))
    const result = ofKind(proven.statements, 'slot-result').find(({ statement }) => statement.predicate.evidence === commitment)
    if (!result) throw new Error('no slot result here commits to this evidence')
    const statement = decodeStatement(fromBase64(bundle.envelope.payload))
    if (statement.kind !== 'evidence') throw new Error(`the envelope holds ${statement.kind}, not evidence`)
    const keyId = bundle.envelope.signatures[0]?.keyid ?? ''
    openEnvelope(bundle.envelope, () => proven.ring.find(keyId, 'evidence', result.index)?.key)
    const { predicate } = statement
    const { slot, verdict, observedAt, binding: digest } = result.statement.predicate
    const binding = ofKind(proven.statements, 'binding').find((one) => one.digest === digest)?.statement.predicate
    if (binding?.check.id !== predicate.check.id || binding.check.definition !== predicate.check.definition) throw new Error('the evidence is of another check than the result that names it')
    if (observedAt !== predicate.observedAt) throw new Error('the evidence and the result that names it were observed at different times')
    steps.add('evidence', true, `entry ${result.index}, slot ${slot} of ${predicate.check.id} (${verdict}), commits to this evidence`)
    const fields = bundle.disclosures.map((disclosure) => verifyDisclosure(predicate, disclosure))
    if (new Set(fields.map(({ name }) => name)).size !== fields.length) throw new Error('one field is disclosed twice')
    steps.add('disclosures', true, `${plural(fields.length, 'field')} of ${predicate._sd.length} disclosed`)
    for (const { name, value } of fields) steps.notes.push(`${JSON.stringify(name)}: ${JSON.stringify(value)}`)
  } catch (error) {
    steps.add('disclosures', false, messageOf(error))
  }
  yield* fresh(steps)
}
