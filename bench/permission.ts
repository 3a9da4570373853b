/**
 * One permission decision: may somebody read a field of a record? Rules of 5, 50 and 500 lines, all for this record type,
 * a third of them with conditions. Cedar (its WebAssembly build) answers the same questions in the same run, in turns, its
 * policies parsed beforehand; reading a field asks it twice, as finding the record is part of the question for us. Both get
 * the record as an object; turning it into Cedar's form is not counted.
 */
import { preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import { accessOf, type Condition, type GrantedRule, type RecordType, type Rule } from '#core/permission'
import { percentile, type Bench } from './bench.ts'

const DECISIONS = 20_000
/** Cedar takes a thousand times as long. */
const CEDAR_DECISIONS = 300
const ROUNDS = 3
const RULES = [5, 50, 500]
/** The worst that one role can hold: every rule speaks to the question, and has a condition that does not decide it. */
const CROWDED = 500

/** Round and round. */
const turn = <T>(list: readonly T[], at: number): T => {
  const found = list[at % list.length]
  if (found === undefined) throw new Error('an empty list has no turns')
  return found
}

const FIELDS = Array.from({ length: 20 }, (_, at) => `field${at}`)
const type: RecordType = { title: 'Person', fields: Object.fromEntries(['id', 'owner', 'region', ...FIELDS].map((name) => [name, { kind: 'text' as const, title: name }])) }
const subject = { id: 'p7', kind: 'person', groups: ['g1', 'g2'], roles: ['engineer'] }
const records = Array.from({ length: 200 }, (_, at): Record<string, string> => ({ id: `r${at}`, owner: `p${at % 10}`, region: turn(['eu', 'us'], at), ...Object.fromEntries(FIELDS.map((name) => [name, `${name} of ${at}`])) }))

/** Find for all, then reading and writing of fields; every third only in a region or by the owner, every tenth a deny. */
function rulesOf(count: number): Rule[] {
  const conditions: Condition[] = [{ equal: [{ field: 'owner' }, { subject: 'id' }] }, { any: [{ equal: [{ field: 'region' }, { value: 'eu' }] }, { in: [{ field: 'owner' }, { subject: 'groups' }] }] }]
  return [
    { effect: 'allow', verb: 'find', record: 'person' },
    ...Array.from({ length: count - 1 }, (_, at): Rule => {
      const when = at % 3 === 0 ? conditions[at % 2] : undefined
      return { effect: at % 10 === 9 ? 'deny' : 'allow', verb: at % 5 === 4 ? 'write' : 'read', record: 'person', names: [turn(FIELDS, at), turn(FIELDS, at * 7)], ...(at % 10 === 9 ? { when: { equal: [{ field: 'region' }, { value: 'moon' }] } } : when && { when }) }
    }),
  ]
}

const crowdedRules = (): Rule[] => [
  { effect: 'allow', verb: 'find', record: 'person' },
  ...Array.from({ length: CROWDED - 1 }, (_, at): Rule => ({ effect: at === 0 ? 'allow' : 'deny', verb: 'read', record: 'person', names: FIELDS, when: at === 0 ? { equal: [{ field: 'owner' }, { subject: 'id' }] } : { equal: [{ field: 'region' }, { value: `moon ${at}` }] } })),
]

export const bench: Bench = {
  name: 'permission',
  async run(tell) {
    for (const count of [...RULES, 'crowded'] as const) {
      const rules = count === 'crowded' ? crowdedRules() : rulesOf(count)
      const granted = rules.map((rule): GrantedRule => ({ rule, role: { id: 'r', title: 'Role' }, through: { kind: 'person', id: 'p7' } }))
      const access = accessOf(granted, subject, { person: type })
      prepareCedar(rules)
      const own: number[] = []
      const cedar: number[] = []
      const answers = { same: 0, other: 0 }
      for (let round = 0; round < ROUNDS; round++) {
        for (let i = 0; i < DECISIONS; i++) own.push(timed(() => access.allows({ verb: 'read', record: 'person', name: turn(FIELDS, i), facts: turn(records, i) })).us)
        for (let i = 0; i < CEDAR_DECISIONS; i++) {
          const name = turn(FIELDS, i)
          const facts = turn(records, i)
          const theirs = timed(() => askCedar('find', facts) && askCedar(`read ${name}`, facts))
          cedar.push(theirs.us)
          answers[theirs.value === access.allows({ verb: 'read', record: 'person', name, facts }) ? 'same' : 'other']++
        }
      }
      const compile = timed(() => {
        for (let i = 0; i < 100; i++) accessOf(granted, subject, { person: type }).allows({ verb: 'read', record: 'person', name: 'field3', facts: turn(records, 0) })
      })
      const [ours, theirs] = [own, cedar].map((times) => times.toSorted((a, b) => a - b)) as [number[], number[]]
      tell({
        figure: `${count === 'crowded' ? `${CROWDED} rules that all speak to the question, each with a condition` : `${count} rules`}: decision p50 ${us(percentile(ours, 0.5))}, p99 ${us(percentile(ours, 0.99))}; compiled and first decided in ${us(compile.us / 100)}`,
        aim: 'p99 ≤ 20 µs',
        peers: `Cedar ${us(percentile(theirs, 0.5))}, p99 ${us(percentile(theirs, 0.99))} (${Math.round(percentile(theirs, 0.5) / percentile(ours, 0.5)).toLocaleString('en-GB')}× at the median); ${answers.other === 0 ? `the same answers to ${answers.same}` : `${answers.other} OTHER ANSWERS`}`,
      })
    }
  },
}

function timed<T>(work: () => T): { us: number; value: T } {
  const began = process.hrtime.bigint()
  const value = work()
  return { us: Number(process.hrtime.bigint() - began) / 1000, value }
}
const us = (value: number): string => `${value < 10 ? value.toFixed(2) : Math.round(value).toLocaleString('en-GB')} µs`

const principal = { type: 'asker', id: 'p7' }

function askCedar(action: string, facts: Record<string, string>): boolean {
  const resource = { type: 'person', id: facts['id'] ?? '' }
  const answer = statefulIsAuthorized({ principal, action: { type: 'Action', id: action }, resource, context: {}, preparsedPolicySetId: 'bench', entities: [{ uid: principal, attrs: subject, parents: [] }, { uid: resource, attrs: facts, parents: [] }] })
  return answer.type === 'success' && answer.response.decision === 'allow'
}

/** The three conditions that these rules have, in Cedar's own words. */
function prepareCedar(rules: readonly Rule[]): void {
  const condition = (when?: Condition): string => (when === undefined ? '' : 'any' in when ? 'when { resource.region == "eu" || principal.groups.contains(resource.owner) }' : JSON.stringify(when).includes('moon') ? `when { resource.region == ${/"moon[ 0-9]*"/.exec(JSON.stringify(when))?.[0]} }` : 'when { resource.owner == principal.id }')
  const actions = ({ verb, names }: Rule): string => (names === undefined ? `== Action::"${verb}"` : `in [${names.map((name) => `Action::"${verb} ${name}"`).join(', ')}]`)
  const staticPolicies = rules.map((rule) => `${rule.effect === 'allow' ? 'permit' : 'forbid'} (principal, action ${actions(rule)}, resource is person) ${condition(rule.when)};`).join('\n')
  const prepared = preparsePolicySet('bench', { staticPolicies })
  if (prepared.type === 'failure') throw new Error(JSON.stringify(prepared.errors))
}
