import { z } from 'zod'
import type { Json } from '@vouchsafe/verify'
import { isControlId, parseControlId } from '#core/control'
import type { ControlId } from '#core/control'
import { VouchsafeError } from '#core/errors'
import type { FieldError } from '#core/errors'
import { parseDuration, parseMoment } from './duration.ts'
import { parsePath } from './path.ts'
import { compilePattern } from './pattern.ts'
import { readSource } from './source.ts'
import { parseTemplate, referencesIn } from './template.ts'

/**
 * The language of declared checks as types; docs/declared-checks.md is the same for people. Each form is one strict
 * object with optional members and a rule "exactly one of", because an error about a union names no member.
 */
const line = (most: number) => z.string().trim().min(1).max(most).regex(/^[^\u0000-\u001f\u007f]*$/u, 'must be one line of text')
const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, 'must be a name: letters, digits, _ and -')
const scalar = z.union([z.string().max(10_000), z.number(), z.boolean(), z.null()], { error: 'must be text, a number, true, false or null' })
const guarded = (check: (text: string) => unknown, most = 10_000) =>
  z
    .string()
    .max(most)
    .superRefine((text, context) => {
      try {
        check(text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof VouchsafeError ? `${error.message} ${error.mend ?? ''}`.trim() : 'cannot be read' })
      }
    })
const template = guarded(parseTemplate)
const path = guarded(parsePath, 500)
const pattern = guarded((text) => compilePattern(text), 500)
const templated: z.ZodType<unknown> = z.unknown().superRefine((value, context) => {
  try {
    referencesIn(value)
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'cannot be read' })
  }
})
const duration = (least: number, most: number) =>
  z.string().transform((text, context): number => {
    const seconds = parseDuration(text)
    if (seconds !== undefined && seconds >= least && seconds <= most) return seconds
    context.addIssue({ code: 'custom', message: seconds === undefined ? 'must be a span of time such as 30s, 1h or 1 day' : `must be between ${least} and ${most} seconds` })
    return z.NEVER
  })
const moment = z.string().refine((text) => parseMoment(text, new Date(0)) !== undefined, 'must be an RFC 3339 time, now, or such as "now - 90 days"')
const verdict = z.enum(['holds', 'fails', 'unknown'], { error: 'must be holds, fails or unknown' })

function exactlyOne(value: object, names: readonly string[], context: z.RefinementCtx, least = 1): void {
  const given = names.filter((member) => (value as Record<string, unknown>)[member] !== undefined)
  if (given.length > 1 || given.length < least) {
    context.addIssue({ code: 'custom', message: `needs ${least === 1 ? 'exactly' : 'at most'} one of ${names.join(', ')}${given.length > 1 ? `, not ${given.join(' and ')}` : ''}` })
  }
}

const OPERATORS = ['equals', 'notEquals', 'in', 'notIn', 'matches', 'notMatches', 'contains', 'lacks', 'exists', 'absent', 'atLeast', 'atMost', 'before', 'after'] as const
const operators = {
  equals: scalar.optional(),
  notEquals: scalar.optional(),
  in: z.array(scalar).min(1).max(500).optional(),
  notIn: z.array(scalar).min(1).max(500).optional(),
  matches: pattern.optional(),
  notMatches: pattern.optional(),
  contains: scalar.optional(),
  lacks: scalar.optional(),
  exists: z.literal(true).optional(),
  absent: z.literal(true).optional(),
  atLeast: z.number().optional(),
  atMost: z.number().optional(),
  before: moment.optional(),
  after: moment.optional(),
  /** What a value that is not there (or null) means. Without it nobody can tell, and the verdict is `unknown`. */
  missing: verdict.optional(),
}
const condition = z.strictObject({ at: path, ...operators }).superRefine((value, context) => exactlyOne(value, OPERATORS, context))

const SUBJECTS = ['at', 'each', 'any', 'none', 'count'] as const
const assertion = z
  .strictObject({
    at: path.optional(),
    each: path.optional(),
    any: path.optional(),
    none: path.optional(),
    count: path.optional(),
    where: z.array(condition).max(20).optional(),
    hold: z.array(condition).min(1).max(20).optional(),
    naming: path.optional(),
    /** What `each` over nothing means; `unknown` without it. */
    empty: verdict.optional(),
    ...operators,
    else: guarded(parseTemplate, 300).optional(),
  })
  .superRefine((value, context) => {
    exactlyOne(value, SUBJECTS, context)
    const compared = OPERATORS.some((operator) => value[operator] !== undefined)
    if (value.hold === undefined || value.at !== undefined || value.count !== undefined) {
      if (value.none === undefined || value.where === undefined || compared) exactlyOne(value, OPERATORS, context)
    } else if (compared) context.addIssue({ code: 'custom', message: 'has both hold and a comparison of its own' })
    if (value.at !== undefined) {
      if (value.where ?? value.hold ?? value.naming ?? value.empty) context.addIssue({ code: 'custom', message: 'where, hold, naming and empty belong to each, any, none and count' })
      if (parsesTo(value.at)?.many === true) context.addIssue({ code: 'custom', path: ['at'], message: 'may find many values; say each, any, none or count' })
    }
    if (value.count !== undefined && value.atLeast === undefined && value.atMost === undefined && typeof value.equals !== 'number') {
      context.addIssue({ code: 'custom', message: 'count is compared by equals (a number), atLeast or atMost' })
    }
    if (value.empty !== undefined && value.each === undefined) context.addIssue({ code: 'custom', path: ['empty'], message: 'belongs to each' })
  })

const parsesTo = (source: string): ReturnType<typeof parsePath> | undefined => {
  try {
    return parsePath(source)
  } catch {
    return undefined
  }
}

const auth = z
  .strictObject({
    none: z.literal(true).optional(),
    bearer: template.optional(),
    basic: z.strictObject({ user: template, password: template }).optional(),
    awsSigV4: z.strictObject({ accessKeyId: template, secretAccessKey: template, sessionToken: template.optional(), region: template, service: template }).optional(),
    oauth2: z
      .strictObject({
        tokenUrl: template,
        clientId: template,
        clientSecret: template.optional(),
        privateKey: template.optional(),
        keyId: template.optional(),
        scope: template.optional(),
        sendAs: z.enum(['basic', 'body']).optional(),
      })
      .superRefine((value, context) => exactlyOne(value, ['clientSecret', 'privateKey'], context))
      .optional(),
    googleServiceAccount: z.strictObject({ key: template, subject: template.optional(), scope: template, tokenUrl: template.optional() }).optional(),
    githubApp: z.strictObject({ appId: template, installationId: template, privateKey: template, api: template.optional() }).optional(),
  })
  .superRefine((value, context) => exactlyOne(value, ['none', 'bearer', 'basic', 'awsSigV4', 'oauth2', 'googleServiceAccount', 'githubApp'], context))

const paging = z
  .strictObject({
    /** Where a page holds its list. */
    items: path,
    link: z.literal(true).optional(),
    cursor: z
      .strictObject({ at: path, while: condition.optional(), query: name.optional(), form: name.optional(), json: name.optional() })
      .superRefine((value, context) => exactlyOne(value, ['query', 'form', 'json'], context))
      .optional(),
    page: z.strictObject({ query: name, from: z.number().int().min(0).default(1), size: z.number().int().min(1).max(10_000) }).optional(),
    maxPages: z.number().int().min(1).max(1_000).default(100),
  })
  .superRefine((value, context) => exactlyOne(value, ['link', 'cursor', 'page'], context))

const http = z
  .strictObject({
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
    url: template.max(2_000),
    query: z.record(z.string().max(100), templated).optional(),
    headers: z.record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, 'must be a header name'), template).optional(),
    auth: auth.optional(),
    json: templated.optional(),
    form: z.record(z.string().max(100), templated).optional(),
    text: template.optional(),
    read: z.enum(['json', 'xml', 'text']).optional(),
    status: z.array(z.number().int().min(100).max(599)).min(1).max(20).optional(),
    paging: paging.optional(),
    retries: z.number().int().min(0).max(5).default(3),
    maxKilobytes: z.number().int().min(1).max(16_384).default(2_048),
  })
  .superRefine((value, context) => exactlyOne(value, ['json', 'form', 'text'], context, 0))

const answer = z.strictObject({
  status: z.number().int().min(100).max(599),
  where: z.array(condition).max(10).optional(),
  verdict,
  summary: guarded(parseTemplate, 300),
})

const KEEPS = ['at', 'cookie', 'between'] as const
const keep = z
  .strictObject({ at: path.optional(), cookie: line(100).optional(), between: z.tuple([z.string().min(1).max(200), z.string().min(1).max(200)]).optional(), secret: z.boolean().optional() })
  .superRefine((value, context) => exactlyOne(value, KEEPS, context))

const over = z
  .strictObject({
    values: z.array(scalar).min(1).max(1_000).optional(),
    range: z.tuple([z.number().int(), z.number().int()]).optional(),
    around: z.strictObject({ number: template, distance: z.number().int().min(1).max(500) }).optional(),
  })
  .superRefine((value, context) => {
    exactlyOne(value, ['values', 'range', 'around'], context)
    if (value.range && (value.range[1] < value.range[0] || value.range[1] - value.range[0] > 1_000)) context.addIssue({ code: 'custom', path: ['range'], message: 'must count upwards over at most 1,000 numbers' })
  })

const step = z.strictObject({
  name: line(80).optional(),
  as: name.default('default'),
  over: over.optional(),
  http,
  answers: z.array(answer).max(20).optional(),
  keep: z.record(name, keep).optional(),
  require: z.array(assertion).max(50).optional(),
  assert: z.array(assertion).max(50).optional(),
  always: z.boolean().optional(),
})

const targetSource = z.strictObject({ http, each: path, where: z.array(condition).max(20).optional(), name: path, with: z.record(name, path).optional(), maxTargets: z.number().int().min(1).max(5_000).default(1_000) })

const command = z.strictObject({
  run: z.array(template.min(1)).min(1).max(200),
  perTarget: z.boolean().default(false),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'must be the name of an environment variable'), template).optional(),
  stdin: template.optional(),
  verdict: z.enum(['exit', 'json']).default('exit'),
  limits: z
    .strictObject({
      memoryMegabytes: z.number().int().min(16).max(262_144).optional(),
      processes: z.number().int().min(1).max(4_096).optional(),
      cpuSeconds: z.number().int().min(1).max(3_600).optional(),
      fileMegabytes: z.number().int().min(0).max(10_240).optional(),
      outputKilobytes: z.number().int().min(1).max(4_096).optional(),
    })
    .optional(),
})

const settings = z.record(name, z.union([z.string().max(2_000), z.number(), z.boolean()], { error: 'must be text, a number, true or false' }))
const secrets = z.array(name).max(50)
const control = z.string().superRefine((word, context) => {
  if (isControlId(word)) return
  try {
    parseControlId(word)
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof VouchsafeError ? `${error.message} ${error.mend ?? ''}` : 'is no control' })
  }
})

const YEAR = 366 * 86_400
const check = z
  .strictObject({
    id: z.string().max(100).regex(/^[a-z0-9]+(-[a-z0-9]+)*\/[a-z0-9]+(-[a-z0-9]+)*$/, 'must read <subject>/<noun> in lower case, as github/two-factor'),
    title: line(200),
    method: line(300),
    controls: z.array(control).min(1).max(20),
    cadence: duration(60, YEAR),
    freshness: duration(60, 2 * YEAR).optional(),
    confirmations: z.number().int().min(1).max(10).default(2),
    attempts: z.number().int().min(1).max(10).default(3),
    timeLimit: duration(1, 900).optional(),
    canContradict: z.boolean().default(false),
    settings: settings.default({}),
    secrets: secrets.default([]),
    auth: auth.optional(),
    targets: z.union([z.array(template.min(1)).min(1).max(1_000), z.strictObject({ from: targetSource })], { error: 'must be a list of names, or from: with an http step' }),
    steps: z.array(step).min(1).max(50).optional(),
    command: command.optional(),
  })
  .superRefine((value, context) => {
    exactlyOne(value, ['steps', 'command'], context)
    if (value.freshness !== undefined && value.freshness < value.cadence) context.addIssue({ code: 'custom', path: ['freshness'], message: 'must not be shorter than the cadence' })
    if ((value.timeLimit ?? 60) >= value.cadence) context.addIssue({ code: 'custom', path: ['timeLimit'], message: 'must be shorter than the cadence' })
    // A check that asserts nothing would hold for ever.
    if (value.steps && !value.steps.some((each) => !each.always && ((each.assert?.length ?? 0) > 0 || each.answers?.some((one) => one.verdict === 'fails')))) {
      context.addIssue({ code: 'custom', path: ['steps'], message: 'assert nothing: at least one step needs an assert that can fail' })
    }
    if (value.command && !Array.isArray(value.targets)) context.addIssue({ code: 'custom', path: ['targets'], message: 'of a command must be a list' })
  })

const file = z.strictObject({ settings: settings.optional(), secrets: secrets.optional(), auth: auth.optional(), checks: z.array(z.unknown()).min(1).max(200) })

export type Condition = z.output<typeof condition>
export type Assertion = z.output<typeof assertion>
export type Auth = z.output<typeof auth>
export type Paging = z.output<typeof paging>
export type HttpRequest = z.output<typeof http>
export type Answer = z.output<typeof answer>
export type Keep = z.output<typeof keep>
export type Over = z.output<typeof over>
export type Step = z.output<typeof step>
export type TargetSource = z.output<typeof targetSource>
export type Command = z.output<typeof command>

/** One check as its file declares it, defaults filled in; what the whole file shares is already part of it. */
export type DeclaredCheck = Omit<z.output<typeof check>, 'controls' | 'freshness' | 'timeLimit'> & {
  controls: readonly ControlId[]
  freshness: number
  timeLimit: number
  file: string
  /** Where in the file it begins, 1-based. */
  line: number
  /** The declaration as written, defaults not filled in: what the definition's revision commits to. */
  written: Json
}

/**
 * Reads all checks of one file.
 * @param text YAML: `checks:` with a list, or a single check
 * @throws VouchsafeError `bad-input` or `too-large`; the message names file, line and member of the first fault, `fields` all
 */
export function parseDeclaredChecks(text: string, { file: fileName }: { file: string }): DeclaredCheck[] {
  const source = readSource(text, fileName)
  const isList = typeof source.value === 'object' && source.value !== null && Object.hasOwn(source.value, 'checks')
  const faults: Fault[] = []
  const shared = isList ? file.safeParse(source.value, { reportInput: false }) : undefined
  if (shared?.error) faults.push(...faultsOf(shared.error, []))
  const members: readonly unknown[] = isList ? (shared?.data?.checks ?? []) : [source.value]
  const declared: DeclaredCheck[] = []
  for (const [index, member] of members.entries()) {
    const at: PropertyKey[] = isList ? ['checks', index] : []
    const whole = withShared(member, shared?.data)
    const parsed = check.safeParse(whole, { reportInput: false })
    if (parsed.error) {
      faults.push(...faultsOf(parsed.error, at))
      continue
    }
    faults.push(...faultsOfReferences(parsed.data, at))
    const { controls, freshness, timeLimit, ...rest } = parsed.data
    declared.push({ ...rest, controls: controls as ControlId[], freshness: freshness ?? 2 * rest.cadence, timeLimit: timeLimit ?? 60, file: fileName, line: source.lineOf(at), written: writtenForm(whole) })
    if (declared.some((other, i) => i < declared.length - 1 && other.id === rest.id)) faults.push({ path: [...at, 'id'], message: `${rest.id} is declared twice` })
  }
  const [first] = faults
  if (first) {
    const mend = 'See docs/declared-checks.md for the members of a declared check.'
    throw new VouchsafeError('bad-input', `${fileName}, line ${source.lineOf(first.path)}: ${memberName(first.path)} ${first.message}.`.replace(/\.\.$/, '.'), {
      mend: faults.length > 1 ? `${mend} ${faults.length - 1} more fault${faults.length > 2 ? 's' : ''} in this file.` : mend,
      fields: faults.map((fault): FieldError => ({ pointer: fault.path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''), message: `line ${source.lineOf(fault.path)}: ${fault.message}` })),
    })
  }
  return declared
}

/** Reads a file that declares exactly one check. @throws VouchsafeError */
export function parseDeclaredCheck(text: string, options: { file: string }): DeclaredCheck {
  const [only, ...others] = parseDeclaredChecks(text, options)
  if (!only || others.length > 0) throw new VouchsafeError('bad-input', `${options.file} declares ${others.length + 1} checks where one is asked for.`, { mend: 'Name the file of a single check.' })
  return only
}

interface Fault {
  path: PropertyKey[]
  message: string
}

function faultsOf(error: z.ZodError, at: readonly PropertyKey[]): Fault[] {
  return error.issues.map((issue) => {
    const path = [...at, ...issue.path]
    if (issue.code === 'unrecognized_keys') return { path: [...path, issue.keys[0] ?? ''], message: 'is not a member of this language' }
    const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message
    return { path, message: message.replace(/^Invalid input: /, '').replace(/^Too (small|big): /, '').replace(/[.\s]+$/, '') }
  })
}

const memberName = (path: readonly PropertyKey[]): string => (path.length === 0 ? 'the file' : path.map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`)).join(''))

/** What the file says for all its checks, under what the check says for itself. */
function withShared(member: unknown, shared: z.output<typeof file> | undefined): unknown {
  if (!shared || typeof member !== 'object' || member === null || Array.isArray(member)) return member
  const own = member as Record<string, unknown>
  const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
  return {
    ...own,
    ...(shared.settings && (own['settings'] === undefined || isRecord(own['settings'])) && { settings: { ...shared.settings, ...(own['settings'] as object | undefined) } }),
    ...(shared.secrets && (own['secrets'] === undefined || Array.isArray(own['secrets'])) && { secrets: [...new Set([...shared.secrets, ...((own['secrets'] as string[] | undefined) ?? [])])] }),
    ...(shared.auth && own['auth'] === undefined && { auth: shared.auth }),
  }
}

/** Where a secret may go, and that every setting and secret referred to is there. */
function faultsOfReferences(declared: z.output<typeof check>, at: readonly PropertyKey[]): Fault[] {
  const faults: Fault[] = []
  walk(declared, [], false)
  return faults

  // INVARIANT: a secret goes into authentication, a header, a body, an environment variable or standard input, and
  // nowhere else: addresses and arguments are written to logs and shown in process lists.
  function walk(value: unknown, path: readonly PropertyKey[], mayHoldSecret: boolean): void {
    if (typeof value === 'string') {
      if (path.some((part) => part === 'matches' || part === 'notMatches')) return
      let parts: ReturnType<typeof referencesIn>
      try {
        parts = referencesIn(value)
      } catch (error) {
        faults.push({ path: [...at, ...path], message: error instanceof Error ? error.message.replace(/\.$/, '') : 'cannot be read' })
        return
      }
      for (const part of parts) {
        if (part.room === 'settings' && !Object.hasOwn(declared.settings, part.name)) faults.push({ path: [...at, ...path], message: `refers to ${part.source}, which settings do not have` })
        if (part.room === 'secrets' && !declared.secrets.includes(part.name)) faults.push({ path: [...at, ...path], message: `refers to ${part.source}, which secrets do not list` })
        else if (part.room === 'secrets' && !mayHoldSecret) faults.push({ path: [...at, ...path], message: `would show ${part.source}; secrets go into auth, headers, a body, env or stdin` })
        if (part.room === 'kept' && !keptNames().has(part.name)) faults.push({ path: [...at, ...path], message: `refers to ${part.source}, which no step keeps` })
        if (part.room === 'target' && path[0] === 'targets') faults.push({ path: [...at, ...path], message: 'refers to a target before there is one' })
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) {
        const allowed = mayHoldSecret || ['auth', 'headers', 'json', 'form', 'text', 'env', 'stdin'].includes(key)
        walk(member, [...path, Array.isArray(value) ? Number(key) : key], allowed)
      }
    }
  }
  function keptNames(): Set<string> {
    return new Set((declared.steps ?? []).flatMap((each) => Object.keys(each.keep ?? {})))
  }
}

/** A fraction has no canonical JSON form here, so it is written as text with its kind. */
function writtenForm(value: unknown): Json {
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : { number: String(value) }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(writtenForm)
  return Object.fromEntries(Object.entries(value as object).map(([key, member]) => [key, writtenForm(member)]))
}
