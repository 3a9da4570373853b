import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ACTS, makeFacts, makeQuestion, makeRule, makeRules, makeSubject, one, TYPES, type Pick } from './cases.trial.ts'
import { accessOf, NO_ACCESS, type Condition, type GrantedRule, type RecordType } from './index.ts'

/** A law about random rules, somebody who asks, and a record; choices shrink when it does not hold. */
function law(holds: (pick: Pick, parts: ReturnType<typeof situation>) => void, numRuns = 1500): void {
  fc.assert(
    fc.property(fc.gen(), (draw) => {
      const pick: Pick = (n) => draw(fc.nat, { max: n - 1 })
      holds(pick, situation(pick))
    }),
    { numRuns },
  )
}

function situation(pick: Pick) {
  const subject = makeSubject(pick)
  const rules = makeRules(pick)
  const record = one(pick, ['person', 'person', 'note'])
  const type = TYPES[record] as RecordType
  const facts = makeFacts(pick, type)
  return { subject, rules, record, type, facts, access: accessOf(rules, subject, TYPES), question: makeQuestion(pick, record, facts) }
}

const granted = (rule: GrantedRule['rule']): GrantedRule => ({ rule, role: { id: 'r', title: 'Role' }, through: { kind: 'person', id: 'p' } })

describe('a law of decisions', () => {
  it('one more deny never allows more', () => {
    law((pick, { rules, subject, access, question }) => {
      const more = accessOf([...rules, granted({ ...makeRule(pick), effect: 'deny' })], subject, TYPES)
      if (more.allows(question)) expect(access.allows(question)).toBe(true)
    })
  })
  it('the order of rules never matters, nor that of the parts of a condition', () => {
    const turned = (condition: Condition): Condition => ('all' in condition ? { all: condition.all.map(turned).reverse() } : 'any' in condition ? { any: condition.any.map(turned).reverse() } : 'not' in condition ? { not: turned(condition.not) } : condition)
    law((_pick, { rules, subject, access, question }) => {
      const other = accessOf(rules.toReversed().map((one) => granted({ ...one.rule, ...(one.rule.when && { when: turned(one.rule.when) }) })), subject, TYPES)
      expect(other.allows(question)).toBe(access.allows(question))
      expect(other.decision(question).kind).toBe(access.decision(question).kind)
    })
  })
  it('what may not be found can be neither read, written nor acted on', () => {
    law((_pick, { access, record, type, facts }) => {
      if (access.allows({ verb: 'find', record, facts })) return
      for (const name of Object.keys(type.fields)) for (const verb of ['read', 'write'] as const) expect(access.allows({ verb, record, name, facts })).toBe(false)
      for (const name of ACTS) expect(access.allows({ verb: 'act', record, name, facts })).toBe(false)
      expect(access.visible(record, facts)).toBeUndefined()
    })
  })
  it('what is shown are exactly the fields that may be read', () => {
    law((_pick, { access, record, type, facts }) => {
      const seen = access.visible(record, facts)
      const readable = Object.keys(facts).filter((name) => name in type.fields && access.allows({ verb: 'read', record, name, facts }))
      expect(Object.keys(seen ?? {}).toSorted()).toEqual(readable.toSorted())
    })
  })
  it('what might not be allowed is allowed for no record, and what is allowed for all is so for each', () => {
    law((pick, { access, record, type, question }) => {
      const { facts: _facts, ...open } = question
      for (let i = 0; i < 5; i++) {
        const allowed = access.allows({ ...open, facts: makeFacts(pick, type) })
        if (!access.mightAllow(open)) expect(allowed).toBe(false)
        if (open.verb !== 'act' && access.allows(open)) expect(allowed).toBe(true)
      }
      if (access.allows(open)) expect(access.mightAllow(open)).toBe(true)
      expect(access.mightAllow({ ...open, record })).toBe(access.mightAllow(open))
    })
  })
  it('a narrowed access allows exactly what both allow', () => {
    law((pick, { access, subject, question }) => {
      const scope = makeRules(pick)
      expect(access.narrowedTo(scope).allows(question)).toBe(access.allows(question) && accessOf(scope, subject, TYPES).allows(question))
    })
  })
  it('why tells what was decided, and rests it on rules that there are', () => {
    law((_pick, { access, rules, question }) => {
      const told = access.why(question)
      expect(told.allowed).toBe(access.allows(question))
      expect(told.summary).toMatch(told.allowed ? /^Allowed/ : /^Refused/)
      for (const spoken of told.rules) expect(rules.map(({ rule }) => rule)).toContain(spoken.rule)
      const spoke = (verb: string, effect: string, outcome: string) => told.rules.some((spoken) => spoken.rule.verb === verb && spoken.rule.effect === effect && spoken.outcome === outcome)
      if (told.rules.some(({ outcome }) => outcome === 'cannot be evaluated')) expect(told.allowed).toBe(false)
      if (spoke(question.verb, 'deny', 'applies')) expect(told.allowed).toBe(false)
      if (told.allowed) expect(spoke('find', 'allow', 'applies')).toBe(true)
    })
  })
  it('an answer stays the same, whatever else was asked before', () => {
    law((pick, { rules, subject, access, record, facts }) => {
      const questions = Array.from({ length: 6 }, () => makeQuestion(pick, record, facts))
      questions.push({ verb: 'act', record: 'undeclared', name: '*', facts }, { verb: 'act', record, name: 'unheard-of', facts }, { verb: 'find', record: '*', facts })
      for (const question of questions) access.allows(question)
      for (const question of questions.reverse()) expect(access.allows(question)).toBe(accessOf(rules, subject, TYPES).allows(question))
    }, 500)
  })
  it('nobody without rules may do anything', () => {
    law((_pick, { question }) => expect(NO_ACCESS.allows(question)).toBe(false), 200)
  })
})
