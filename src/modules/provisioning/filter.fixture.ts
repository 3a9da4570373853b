import fc from 'fast-check'
import { COMPARISONS, type Filter } from './filter.ts'
import type { Path } from './path.ts'
import { ENTERPRISE_SCHEMA, USER_SCHEMA } from './schema.ts'

/** Few letters, so that filters and resources meet: folding, order beyond the basic plane, signs that LIKE or JSON give a meaning. */
export const word = fc.string({ unit: fc.constantFrom('a', 'A', 'b', 'ß', 'ss', 'ς', 'Σ', 'İ', 'ﬀ', 'é', '\ue000', '\u{1F600}', '%', '_', '\\', '"', "'", ' ', '{', '1'), maxLength: 4 })

const name = fc.constantFrom('title', 'Title', 'userType', 'locale', 'displayName', 'externalId', 'userName')
const path: fc.Arbitrary<Path> = fc.oneof(
  name.map((name) => ({ name })),
  name.map((name) => ({ schema: USER_SCHEMA, name })),
  fc.constantFrom('familyName', 'givenName').map((sub) => ({ name: 'name', sub })),
  fc.constantFrom('value', 'type', 'display').map((sub) => ({ name: 'emails', sub })),
  fc.constantFrom('department', 'division').map((name) => ({ schema: ENTERPRISE_SCHEMA, name })),
  fc.constant({ schema: ENTERPRISE_SCHEMA, name: 'manager', sub: 'value' }),
  fc.constantFrom('emails', 'nickName').map((name) => ({ name })),
)
const anyOp = fc.constantFrom(...COMPARISONS)

const leaf = (paths: fc.Arbitrary<Path>): fc.Arbitrary<Filter> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ op: anyOp, path: paths, value: word }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('eq', 'ne'), path: paths, value: fc.constant(null) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('pr'), path: paths }) },
  )

const joined = (one: fc.Arbitrary<Filter>, maxDepth: number): fc.Arbitrary<Filter> =>
  fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth, withCrossShrink: true },
      one,
      fc.record({ op: fc.constantFrom('and', 'or'), left: tie('filter'), right: tie('filter') }) as fc.Arbitrary<Filter>,
      fc.record({ op: fc.constant('not'), of: tie('filter') }) as fc.Arbitrary<Filter>,
    ),
  })).filter

const inside = joined(leaf(fc.constantFrom('value', 'type', 'display').map((name) => ({ name }))), 2)
const activeLeaf: fc.Arbitrary<Filter> = fc.record({ op: fc.constantFrom('eq', 'ne'), path: fc.constant({ name: 'active' }), value: fc.boolean() })
const someLeaf: fc.Arbitrary<Filter> = fc.record({ op: fc.constant('some'), path: fc.constant({ name: 'emails' }), of: inside })
const instantLeaf: fc.Arbitrary<Filter> = fc.record({ op: fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le'), path: fc.constantFrom('created', 'lastModified').map((sub) => ({ name: 'meta', sub })), value: fc.constantFrom('2026-11-22T09:00:00Z', '2026-11-22T10:00:00.100+01:00', '2026-11-22T09:00:00.200Z', '2030-01-01T00:00:00Z') })
const primaryLeaf: fc.Arbitrary<Filter> = fc.constant<Filter>({ op: 'some', path: { name: 'emails' }, of: { op: 'eq', path: { name: 'primary' }, value: true } })

/** Filters over people that a database and memory both can answer. */
export const anyFilter: fc.Arbitrary<Filter> = joined(fc.oneof({ weight: 6, arbitrary: leaf(path) }, activeLeaf, someLeaf, instantLeaf, primaryLeaf), 4)

const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined })
/** A person as a directory may send them; user names and addresses are given by whoever stores them. */
export const anyUser = fc.record({
  title: maybe(word),
  userType: maybe(word),
  locale: maybe(word),
  name: maybe(fc.record({ familyName: maybe(word), givenName: maybe(word) })),
  emails: maybe(fc.array(fc.record({ type: maybe(word), display: maybe(word), primary: maybe(fc.boolean()) }), { maxLength: 3 })),
  enterprise: maybe(fc.record({ department: maybe(word), division: maybe(word) })),
  active: fc.boolean(),
})
