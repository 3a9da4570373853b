import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPolicy } from '#core/policy'
import { applyCorrections, carryOver, type ClaimWording, importReport, readClaims, reportJsonl, reportText, sentenceDigest } from './index.ts'

const wording = (claimId: string, text: string, section: string[] = ['S']): ClaimWording => ({ claimId, text, section })
const next = (text: string, section: string[] = ['S']) => ({ text, section, claim: true })

describe('identity across versions', () => {
  it('an equal sentence in the same section carries its claim', () => {
    expect(carryOver([wording('a', 'We back up daily.')], [next('We  back up\ndaily.')])).toEqual([{ kind: 'carried', claimId: 'a' }])
  })
  it('a renumbered heading is the same section, another heading is not', () => {
    expect(carryOver([wording('a', 'We log.', ['3. Logs'])], [next('We log.', ['4. Logs'])])[0]).toEqual({ kind: 'carried', claimId: 'a' })
    expect(carryOver([wording('a', 'We log.', ['Enterprise'])], [next('We log.', ['Free'])])[0]).toEqual({ kind: 'reworded', predecessors: ['a'], similarity: 1 })
  })
  it('equal sentences pair in order, each claim once', () => {
    expect(carryOver([wording('a', 'We log.'), wording('b', 'We log.')], [next('We log.'), next('We log.'), next('We log.')])).toEqual([
      { kind: 'carried', claimId: 'a' }, { kind: 'carried', claimId: 'b' }, undefined])
  })
  it('a sentence that an older version had comes back as the same claim; a changed one stems from none of them', () => {
    const former = [wording('old', 'We log.')]
    expect(carryOver([wording('a', 'We back up daily.')], [next('We log.'), next('We log all.')], former)).toEqual([{ kind: 'carried', claimId: 'old' }, undefined])
    expect(carryOver([wording('a', 'We log.')], [next('We log.'), next('We log.')], former), 'what the version before said comes first').toEqual([{ kind: 'carried', claimId: 'a' }, { kind: 'carried', claimId: 'old' }])
  })
  it('changed text is only proposed', () => {
    expect(carryOver([wording('a', 'We back up all production data daily.')], [next('We back up all production data weekly.')])[0]).toMatchObject({ kind: 'reworded', predecessors: ['a'] })
    expect(carryOver([wording('a', 'We back up all production data daily.')], [next('Passwords are hashed.')])[0]).toBeUndefined()
  })
  it('a split keeps its predecessor in both parts', () => {
    const links = carryOver([wording('a', 'Code changes are reviewed before deployment and test environments are kept apart from production.')],
      [next('Code changes are reviewed before deployment.'), next('Test environments are kept apart from production.')])
    expect(links).toEqual([expect.objectContaining({ kind: 'split', predecessors: ['a'] }), expect.objectContaining({ kind: 'split', predecessors: ['a'] })])
  })
  it('a merge keeps both predecessors', () => {
    const links = carryOver([wording('a', 'Code changes are reviewed before deployment.'), wording('b', 'Test environments are kept apart from production.')],
      [next('Code changes are reviewed before deployment and test environments are kept apart from production.')])
    expect(links).toEqual([expect.objectContaining({ kind: 'merged', predecessors: ['a', 'b'] })])
  })
  it('a line that is no claim inherits nothing', () => {
    expect(carryOver([wording('a', 'We log.')], [{ ...next('We log.'), claim: false }])).toEqual([undefined])
  })
  it('never carries a claim twice, nor onto another wording', () => {
    const sentence = fc.constantFrom('We log.', 'We back up daily.', 'We back up weekly.', 'Data is encrypted at rest and in transit.', 'Data is encrypted at rest.')
    const section = fc.constantFrom('A', 'B').map((name) => [name])
    fc.assert(fc.property(fc.array(fc.tuple(sentence, section), { maxLength: 12 }), fc.array(fc.tuple(sentence, section), { maxLength: 12 }), (before, after) => {
      const previous = before.map(([text, where], index) => wording(`c${index}`, text, where))
      const links = carryOver(previous, after.map(([text, where]) => next(text, where)))
      const carried = links.flatMap((link, index) => (link?.kind === 'carried' ? [{ id: link.claimId, index }] : []))
      expect(new Set(carried.map(({ id }) => id)).size).toBe(carried.length)
      for (const { id, index } of carried) {
        const old = previous.find((entry) => entry.claimId === id)
        expect(sentenceDigest(old?.text ?? '')).toBe(sentenceDigest(after[index]?.[0] ?? ''))
        expect(old?.section).toEqual(after[index]?.[1])
      }
    }))
  })
})

describe('corrections', () => {
  const document = readPolicy(new TextEncoder().encode('## A\n\nWe may encrypt backups.\n\n## B\n\nWe may encrypt backups.\n'), { name: 'p.md' })
  const digest = sentenceDigest('We may encrypt backups.')
  it('stick to the wording, in one section or in all', () => {
    const all = applyCorrections(readClaims(document), [{ digest, strength: 'definite', controls: ['key-management', 'no-such-control'], scope: 'EU' }])
    expect(all.lines.filter((line) => line.claim).map((line) => [line.strength, line.controls, line.scope, line.corrected])).toEqual([['definite', ['key-management'], 'EU', true], ['definite', ['key-management'], 'EU', true]])
    const one = applyCorrections(readClaims(document), [{ digest, section: ['B'], claim: false }])
    expect(one.lines.filter((line) => line.kind !== 'heading').map((line) => line.claim)).toEqual([true, false])
    expect(one.suggestions.map((suggestion) => suggestion.line)).toEqual([1])
  })
  it('do not touch other wordings', () => {
    const reading = readClaims(document)
    expect(applyCorrections(reading, [{ digest: sentenceDigest('We encrypt backups.'), claim: false }]).lines).toEqual(reading.lines)
  })
})

describe('the report', () => {
  const document = readPolicy(new TextEncoder().encode('# Security\n\nWe back up all data daily. Here is who to ask.\n\nBackups are encrypted where available.\n'), { name: 'p.md' })
  const report = importReport(document, readClaims(document))
  it('jsonl has a line a sentence, in document order, non-claims too', () => {
    const lines = reportJsonl(report).trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.map((line) => [line.text, line.claim, line.strength, line.section])).toEqual([
      ['Security', false, 'definite', ''], ['We back up all data daily.', true, 'definite', 'Security'], ['Here is who to ask.', false, 'definite', 'Security'], ['Backups are encrypted where available.', true, 'hedged', 'Security']])
    for (const line of lines) {
      expect(line).toEqual(expect.objectContaining({ controls: expect.any(Array), start: expect.any(Number), end: expect.any(Number) }))
      expect(new TextDecoder().decode(document.source.subarray(line.start as number, line.end as number))).toBe(line.text)
    }
  })
  it('json adds gaps, contradictions and suggestions with a wording and its check', () => {
    expect(report.gaps).toContainEqual(expect.objectContaining({ kind: 'missing-control', control: 'backup-restore-tested' }))
    expect(report.suggestions).toEqual([expect.objectContaining({ control: 'encryption-backups', why: '"where available" holds only somewhere', check: { looksAt: expect.any(String), automation: 'A' } })])
    expect(Array.isArray(report.contradictions)).toBe(true)
  })
  it('text is for people, and a page cannot steer the terminal', () => {
    const evil = readPolicy(new TextEncoder().encode('We back up data daily\u001b]0;owned\u0007 \u202e.'), { name: 'p.md' })
    const text = reportText(importReport(evil, readClaims(evil)))
    expect(text).toContain('backup-daily')
    expect(text).not.toMatch(/[\u001b\u0007\u202e]/)
  })
})
