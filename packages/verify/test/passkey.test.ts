import { describe, expect, it } from 'vitest'
import { canonicalBytes, fromBase64, openEntries, sentenceDigest, textOf, toBase64, toHex, verifyBundle, type Attestation, type Envelope, type KeyChange, type Statement } from '../src/index.ts'
import { buildHistory, CLAIMS, digestOf, instantOf, START, type History } from './history.ts'
import { TestPasskey, type Algorithm, type Bent } from './passkey.ts'

const ROLE = 'Head of Cryptography'
const RP = 'security.example.com'
const HOUR = 3600_000
const subject = [{ name: 'claim:claim-keys', digest: { sha256: digestOf('claim-keys') } }]
const text = CLAIMS[2]?.text ?? ''

const attestation = (more: Partial<Attestation> = {}): Statement => ({
  kind: 'attestation',
  subject,
  predicate: { claim: 'claim-keys', sentence: sentenceDigest(text), statement: 'I watched the rotation.', role: ROLE, from: instantOf(START), until: instantOf(START + 300 * 24 * HOUR), ...more },
})
const keyChange = (passkey: TestPasskey, more: Partial<KeyChange> = {}): Statement => ({
  kind: 'key-change',
  subject: [{ name: `key:${passkey.keyId.slice(0, 16)}`, digest: { sha256: passkey.keyId } }],
  predicate: { action: 'added', purpose: 'attestation', key: toHex(passkey.cose), rpId: passkey.rpId, holder: '3f1f2f3c-0c5d-4b52-9a44-2f6f5e0f9d10', role: ROLE, at: instantOf(START), ...more },
})

/** A history to which the holder of a passkey has added their word, and a snapshot after it. */
async function attested(envelopeOf: (passkey: TestPasskey) => Envelope, { algorithm = 'ES256', keys = (passkey) => [keyChange(passkey)] }: { algorithm?: Algorithm; keys?: (passkey: TestPasskey) => Statement[] } = {}): Promise<{ history: History; index: number; report: ReturnType<typeof verifyBundle>; bundle: Uint8Array }> {
  const history = await buildHistory({ open: true })
  const passkey = new TestPasskey(RP, algorithm)
  for (const change of keys(passkey)) await history.write(change)
  const { index } = history.log.appendEnvelope(envelopeOf(passkey), attestation(), 'public')
  await history.snapshot(START + 12 * HOUR)
  const bundle = await history.log.claimBundle('claim-keys', text, history.at)
  return { history, index, bundle, report: verifyBundle(bundle, { at: history.at, vkey: history.log.vkey, policy: history.policy }) }
}
const failures = ({ report }: { report: ReturnType<typeof verifyBundle> }): string => report.steps.filter(({ ok, advisory }) => ok === false && !advisory).map(({ detail }) => detail).join(' ')

describe('an attestation by passkey, in the log', () => {
  it.each(['ES256', 'EdDSA', 'RS256'] as const)('by %s is confirmed offline', async (algorithm) => {
    const made = await attested((passkey) => passkey.seal(attestation()), { algorithm })
    expect(failures(made)).toBe('')
    expect(made.report.ok).toBe(true)
  })

  it('whose signature does not fit is refused, though the log holds it', async () => {
    const damaged = (member: 'sig' | 'authenticatorData' | 'clientDataJSON', at: number) => (passkey: TestPasskey): Envelope => {
      const envelope = passkey.seal(attestation())
      const signature = envelope.signatures[0] as Envelope['signatures'][number]
      const bytes = Uint8Array.from(fromBase64(signature[member] as string))
      bytes[at] = (bytes[at] as number) ^ 1
      return { ...envelope, signatures: [{ ...signature, [member]: toBase64(bytes) }] }
    }
    const bent = (how: Bent) => (passkey: TestPasskey): Envelope => passkey.seal(attestation(), how)
    const cases: ((passkey: TestPasskey) => Envelope)[] = [
      damaged('sig', 40), damaged('authenticatorData', 36), damaged('clientDataJSON', 60), bent({ flags: 0x01 }), bent({ origin: 'https://elsewhere.example' }), bent({ rpId: 'elsewhere.example' }), bent({ type: 'webauthn.create' }),
      // The word of another statement, of another passkey, or of no passkey at all.
      (passkey) => ({ ...passkey.seal(attestation()), payload: passkey.seal(attestation({ statement: 'Something else.' })).payload }),
      (passkey) => ({ ...passkey.seal(attestation()), signatures: [{ ...(new TestPasskey(RP).seal(attestation()).signatures[0] as object), keyid: passkey.keyId } as Envelope['signatures'][number]] }),
      (passkey) => ({ ...passkey.seal(attestation()), signatures: [{ keyid: passkey.keyId, sig: passkey.seal(attestation()).signatures[0]?.sig ?? '' }] }),
      () => new TestPasskey(RP).seal(attestation()),
    ]
    for (const envelopeOf of cases) {
      const made = await attested(envelopeOf)
      expect(made.report.ok).toBe(false)
      expect(failures(made)).toMatch(new RegExp(`entry ${made.index}|signature|passkey|untrusted|device|key`))
    }
  }, 60_000)

  it('speaks under the role of its key, while the key counts', async () => {
    const otherRole = await attested((passkey) => passkey.seal(attestation({ role: 'Chief Executive' })))
    expect(failures(otherRole)).toContain('Head of Cryptography')
    const revoked = await attested((passkey) => passkey.seal(attestation()), { keys: (passkey) => [keyChange(passkey), keyChange(passkey, { action: 'revoked' })] })
    expect(revoked.report.ok).toBe(false)
    const elsewhere = await attested((passkey) => passkey.seal(attestation()), { keys: (passkey) => [keyChange(passkey, { rpId: 'elsewhere.example' })] })
    expect(elsewhere.report.ok).toBe(false)
  })

  it('is covered to its last byte', async () => {
    const { history, index, bundle } = await attested((passkey) => passkey.seal(attestation()))
    const good = JSON.parse(textOf(bundle)) as { entries: { index: number; envelope: Envelope }[] }
    const accepted: string[] = []
    for (const member of ['keyid', 'sig', 'authenticatorData', 'clientDataJSON'] as const) {
      const value = good.entries.find((entry) => entry.index === index)?.envelope.signatures[0]?.[member] ?? ''
      expect(value.length).toBeGreaterThan(40)
      for (let at = 0; at < value.length; at += 3) {
        const copy = structuredClone(good) as unknown as { entries: { index: number; envelope: { signatures: Record<string, string>[] } }[] }
        const signature = copy.entries.find((entry) => entry.index === index)?.envelope.signatures[0] as Record<string, string>
        signature[member] = `${value.slice(0, at)}${value[at] === 'A' ? 'B' : 'A'}${value.slice(at + 1)}`
        if (signature[member] !== value && verifyBundle(canonicalBytes(copy), { at: history.at, vkey: history.log.vkey, policy: history.policy }).ok) accepted.push(`${member} ${at}`)
      }
    }
    expect(accepted).toEqual([])
  }, 120_000)
})

describe('keys of people', () => {
  const entriesOf = async (changes: (passkey: TestPasskey) => Statement[], envelopeOf?: (history: History, passkey: TestPasskey) => Promise<void>): Promise<() => unknown> => {
    const history = await buildHistory({ open: true })
    const passkey = new TestPasskey(RP)
    for (const change of changes(passkey)) await history.write(change)
    await envelopeOf?.(history, passkey)
    const entries = history.log.bundled(history.log.placed.map(({ index }) => index))
    return () => openEntries(entries)
  }
  const malformed = expect.objectContaining({ code: 'malformed' })
  const encryption = (): Statement => keyChange(new TestPasskey(RP), { purpose: 'encryption', key: digestOf('recipient'), rpId: undefined as never })

  it('an encryption key comes and goes, and signs nothing', async () => {
    expect(await entriesOf(() => [encryption()])).not.toThrow()
    expect(await entriesOf(() => [encryption(), { ...encryption(), predicate: { ...encryption().predicate, action: 'revoked' } } as Statement])).not.toThrow()
    const signing = await entriesOf(
      () => [],
      async (history) => {
        const key = history.keys.runner
        await history.write(keyChange(new TestPasskey(RP), { purpose: 'encryption', key: key.hex, rpId: undefined as never }))
        await history.write(attestation(), key)
      },
    )
    expect(signing).toThrow(expect.objectContaining({ code: 'untrusted' }))
  })

  it('a passkey is for attestations, and is a COSE key; nothing else is longer than 32 bytes', async () => {
    for (const more of [{ purpose: 'statement' }, { purpose: 'encryption' }, { key: digestOf('x') }, { rpId: '' }, { rpId: 'UPPER.example' }, { rpId: 'https://x' }, { rpId: undefined }] as Partial<KeyChange>[])
      await expect(entriesOf((passkey) => [keyChange(passkey, more)]).then((open) => open())).rejects.toThrow(malformed)
  })
})
