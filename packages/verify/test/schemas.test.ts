import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { canonicalBytes, readBundle, textOf, type Json } from '../src/index.ts'
import { buildHistory, CLAIMS } from './history.ts'

/** Parsed JSON that is about to be spoilt: no type holds. */
type Loose = ReturnType<typeof JSON.parse>

const schemaOf = (name: string): { safeParse(value: unknown): { success: boolean } } => z.fromJSONSchema(JSON.parse(readFileSync(new URL(`../schemas/${name}.json`, import.meta.url), 'utf8')) as never)
const { log, at, source, evidence } = await buildHistory()
const piece = evidence[0] as (typeof evidence)[number]

const BUNDLES: [string, Uint8Array][] = [
  ['claim-bundle', await log.claimBundle('claim-tls', CLAIMS[0]?.text ?? '', at)],
  ['page-bundle', await log.pageBundle('security', source, at)],
  ['entry-bundle', await log.entryBundle(20, at)],
  ['evidence-bundle', await log.evidenceBundle(piece.written, piece.result, piece.binding, Object.values(piece.disclosures), at)],
]

describe.each(BUNDLES)('the schema of a %s', (name, bytes) => {
  const schema = schemaOf(name)
  const good = JSON.parse(textOf(bytes)) as Record<string, Loose>

  it('takes a real one', () => {
    expect(schema.safeParse(good).success).toBe(true)
  })

  it('refuses what the reader refuses: members missing, unknown, or of another kind', () => {
    const changes: Record<string, Loose>[] = [{ ...good, extra: 1 }, { ...good, type: 'vouchsafe/other/v1' }, { ...good, entries: {} }, { ...good, entries: [] }, { ...good, entries: [{ ...good['entries'][0], extra: 1 }] }]
    for (const member of Object.keys(good)) {
      const { [member]: _, ...rest } = good
      changes.push(rest)
      changes.push({ ...good, [member]: member === 'index' ? '20' : 7 })
    }
    for (const change of changes) {
      expect(schema.safeParse(change).success).toBe(false)
      expect(() => readBundle(canonicalBytes(change as Json))).toThrow(expect.objectContaining({ name: 'VerifyError' }))
    }
  })
})

describe('the schema of an entry', () => {
  it('takes one as the log serves it', () => {
    expect(schemaOf('entry').safeParse(log.bundled([0])[0]).success).toBe(true)
    expect(schemaOf('envelope').safeParse(log.entries[0]?.envelope).success).toBe(true)
  })
})
