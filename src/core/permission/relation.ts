import { sql, type RawBuilder } from 'kysely'
import { VouchsafeError } from '#core/errors'
import type { Access } from './access.ts'
import type { BoundCondition, BoundOperand, ScalarKind } from './bound.ts'
import type { Decision, Layer } from './decision.ts'
import type { RecordType } from './record-type.ts'
import type { Verb } from './rule.ts'

/**
 * The same decisions as SQL, for lists. Every value is a parameter; identifiers come from the record types, which are
 * written in code.
 */

type Bool = RawBuilder<boolean>

/**
 * Whether the verb is allowed on a row of the type's table: true or false, never null.
 * @param alias what the statement calls the table; its columns stand unqualified where left out
 */
export function predicate(access: Access, type: string, verb: Verb, name?: string, alias?: string): Bool {
  typeOf(access, type)
  const decision = access.decision({ verb, record: type, ...(name !== undefined && { name }) })
  return sql<boolean>`(${decisionSql(decision, alias)}) is true`
}

/**
 * The fields of the type that may be read on some row, each under its own name: its column where this row's may be read,
 * else null. Fields that may never be read are not among them.
 */
export function maskedColumns(access: Access, type: string, alias?: string): RawBuilder<unknown>[] {
  return Object.entries(typeOf(access, type).fields).flatMap(([name, field]) => {
    const decision = access.decision({ verb: 'read', record: type, name })
    if (decision.kind === 'never') return []
    const column = columnOf(field.column ?? name, alias)
    return [decision.kind === 'always' ? sql`${column} as ${sql.id(name)}` : sql`case when ${decisionSql(decision, alias)} then ${column} end as ${sql.id(name)}`]
  })
}

/**
 * The records of the type as the subject may see them: rows that may be found, with masked columns under the names of the
 * fields. Filter, search, sort, count, page and export over this alone, and nothing else can show through:
 * `db.selectFrom(visibleRelation<Row>(access, 'person').as('person'))`. Ask `requireSortable` for each field that a
 * request names; a column that is not there is an error of the database.
 *
 * A condition pushed down into it meets null, not the value, wherever the row may not be found or the field not read.
 */
export function visibleRelation<Row>(access: Access, type: string): RawBuilder<Row> {
  const { table } = typeOf(access, type)
  if (table === undefined) throw new VouchsafeError('internal', `The record type ${type} names no table, so it cannot be listed in SQL.`)
  const columns = maskedColumns(access, type, ALIAS)
  return sql<Row>`(select ${columns.length === 0 ? sql`` : sql.join(columns)} from ${sql.id(...table.split('.'))} as ${sql.id(ALIAS)} where ${decisionSql(access.decision({ verb: 'find', record: type }), ALIAS)})`
}

const ALIAS = 'record'

function typeOf(access: Access, name: string): RecordType {
  const type = access.types.get(name)
  if (type === undefined) throw new VouchsafeError('internal', `This access knows no record type ${name}: hand the types to accessOf or fullAccess.`)
  return type
}

/** True where allowed; false or null where not, which a `where` and a `case` take alike, and which lets indexes be used. */
function decisionSql(decision: Decision, alias: string | undefined): Bool {
  if (decision.kind === 'always') return sql`true`
  if (decision.kind === 'never') return sql`false`
  return joined(decision.layers.map((layer) => layerSql(layer, alias)), ' and ')
}

function layerSql({ allowed, allow, deny }: Layer, alias: string | undefined): Bool {
  const parts: Bool[] = []
  const allows = allow.map((condition) => conditionSql(condition, alias))
  const [first, ...others] = allows
  // A sum is null as soon as one part is: a rule that cannot be evaluated denies, whatever the others say. `or` would let them decide.
  const sum = sql<number>`(${sql.join(allows.map((one) => sql`(${one})::int`), sql` + `)})`
  if (first && allowed) parts.push(sql`${sum} is not null`)
  else if (first) parts.push(others.length === 0 ? first : sql`${sum} > 0`)
  for (const condition of deny) parts.push(sql`not (${conditionSql(condition, alias)})`)
  return joined(parts, ' and ')
}

const joined = (parts: readonly Bool[], word: ' and ' | ' or '): Bool => sql`(${sql.join(parts, sql.raw(word))})`

/** True, false or null as the condition is true, false or cannot be evaluated. */
function conditionSql(condition: BoundCondition, alias: string | undefined): Bool {
  switch (condition.op) {
    case 'constant':
      return condition.truth === undefined ? sql`null::boolean` : condition.truth ? sql`true` : sql`false`
    case 'all':
    case 'any':
      return joined(condition.of.map((part) => conditionSql(part, alias)), condition.op === 'all' ? ' and ' : ' or ')
    case 'not':
      return sql`not (${conditionSql(condition.of, alias)})`
    case 'has':
      return sql`${columnOf(condition.of.column, alias)} is not null`
    case 'equal':
    case 'less': {
      const left = operandSql(condition.left, condition.kind, alias)
      const right = operandSql(condition.right, condition.kind, alias)
      return condition.op === 'equal' ? sql`${left} = ${right}` : sql`${left} < ${right}`
    }
    case 'in':
      return inSql(condition, alias)
  }
}

const TYPES = { text: sql`text`, number: sql`float8`, boolean: sql`boolean`, instant: sql`timestamptz` } as const

function operandSql(operand: BoundOperand, kind: ScalarKind, alias: string | undefined): RawBuilder<unknown> {
  if ('value' in operand) return sql`${parameter(operand.value, kind)}::${TYPES[kind]}`
  const column = columnOf(operand.column, alias)
  switch (kind) {
    case 'text':
      return sql`${column}::text`
    case 'number': // NaN equals itself here and nothing in memory: neither is a number to compare.
      return sql`nullif(nullif(nullif(${column}::float8, 'NaN'), 'Infinity'), '-Infinity')`
    case 'boolean':
      return column
    case 'instant': // To the millisecond, as a Date holds it; and not later than one can.
      return sql`case when ${column} > '-infinity' and ${column} <= '275760-09-13T00:00:00Z' then date_trunc('milliseconds', ${column}) end`
  }
}

function inSql({ left, kind, list }: Extract<BoundCondition, { op: 'in' }>, alias: string | undefined): Bool {
  const one = operandSql(left, kind, alias)
  // Of no value, nobody can say that it is not in an empty list, though `= any` would.
  if ('values' in list) return list.values.length === 0 ? sql`case when ${one} is not null then false end` : sql`${one} = any(${list.values.map((value) => parameter(value, kind))}::${TYPES[kind]}[])`
  const values = sql`${columnOf(list.column, alias)}::text[]`
  // A null among the elements, or a list of lists, is no list of texts; array_position would refuse the latter.
  return sql`case when ${one} is null or ${values} is null or coalesce(array_ndims(${values}), 1) > 1 then null when array_position(${values}, null) is not null then null else ${one} = any(${values}) end`
}

const parameter = (value: string | number | boolean, kind: ScalarKind): string | number | boolean => (kind === 'instant' ? new Date(Number(value)).toISOString() : value)

const columnOf = (column: string, alias: string | undefined): RawBuilder<unknown> => (alias === undefined ? sql.id(column) : sql.id(alias, column))
