import { createHash, randomBytes } from 'node:crypto'
import type { Json, Verdict } from '@vouchsafe/verify'
import { isVouchsafeError, messageOf, VouchsafeError } from '#core/errors'
import { verdictOf } from '../contract.ts'
import type { CheckResult, TargetObservation } from '../contract.ts'
import { all, judge, meets, show } from './assertion.ts'
import { Authentication } from './authentication.ts'
import type { Line } from './call.ts'
import { CookieJar } from './cookie.ts'
import type { Answer, DeclaredCheck, Keep, Over, Step } from './declaration.ts'
import { exchange, isExpected } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { find, parsePath } from './path.ts'
import type { RunSecrets } from './secret.ts'
import { fill, fillValue } from './template.ts'
import type { Scalar, Scope } from './template.ts'

export interface Target {
  name: string
  members: Readonly<Record<string, Scalar>>
}

const CONCURRENCY = 4 // targets at once: quick enough for a few hundred, and under the secondary limits of hosted interfaces
const MAX_REPORTED = 2_000 // rows of evidence; the verdicts of all targets are kept whatever their number

/** The work of one run of one declared check over HTTP. */
export class HttpRun {
  readonly #check: DeclaredCheck
  readonly #settings: Readonly<Record<string, Scalar>>
  readonly #secrets: RunSecrets
  readonly #line: Line
  readonly #authentication: Authentication
  readonly #requests: Json[] = []
  readonly #asserted: Json[] = []
  constructor(check: DeclaredCheck, parts: { settings: Readonly<Record<string, Scalar>>; secrets: RunSecrets; line: Line }) {
    this.#check = check
    this.#settings = parts.settings
    this.#secrets = parts.secrets
    this.#line = parts.line
    this.#authentication = new Authentication(parts.line)
  }

  async run(): Promise<CheckResult> {
    const targets = await this.targets()
    const observed: TargetObservation[] = []
    const waiting = [...targets.entries()]
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) observed[next[0]] = await this.#observe(next[1])
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, work))
    return {
      verdict: verdictOf(observed),
      summary: summarise(observed),
      targets: observed,
      declared: targets.length,
      evidence: { requests: cut(this.#requests), asserted: cut(this.#asserted) },
    }
  }

  /** The targets in order of their names, as a binding commits to them. @throws VouchsafeError when they cannot be listed */
  async targets(): Promise<Target[]> {
    const { targets } = this.#check
    if (Array.isArray(targets)) return unique(targets.map((name) => ({ name: fill(name, this.#scope(undefined)), members: {} })))
    const { http, each, where, name, with: members, maxTargets } = targets.from
    const scope = this.#scope(undefined)
    const { subject, status, url } = await this.#exchange(http, scope, new CookieJar())
    this.#requests.push({ target: '', step: 'targets', method: http.method, url, status })
    if (!isExpected(http, status)) throw new VouchsafeError('unreachable', unexpectedStatus('The list of targets', status), { mend: mendFor(status) })
    const found: Target[] = []
    for (const item of find(parsePath(each), subject)) {
      const chosen = all(fillValue(where ?? [], scope) as NonNullable<typeof where>, item, subject, this.#line.now())
      if (typeof chosen === 'object') throw new VouchsafeError('bad-input', `It cannot be told which targets are meant: ${chosen.because}.`, { mend: 'Look at the conditions under targets.from.where.' })
      if (!chosen) continue
      const [label] = find(parsePath(name), { ...subject, body: item })
      if (typeof label !== 'string' && typeof label !== 'number') throw new VouchsafeError('bad-input', `A target has no name at ${name}.`, { mend: 'Look at targets.from.name.' })
      const kept = Object.entries(members ?? {}).map(([key, path]): [string, Scalar] => [key, scalarOf(find(parsePath(path), { ...subject, body: item })[0], path)])
      found.push({ name: this.#secrets.redact(show(String(label))), members: Object.fromEntries(kept) })
    }
    if (found.length > maxTargets) throw new VouchsafeError('too-large', `There are ${found.length} targets, more than ${maxTargets}.`, { mend: 'Raise targets.from.maxTargets, or choose fewer by where.' })
    return unique(found)
  }

  #scope(target: Target | undefined): Scope {
    return { settings: this.#settings, secrets: this.#secrets, ...(target && { target }), kept: new Map(), run: { id: randomBytes(16).toString('hex'), at: this.#line.now().toISOString() } }
  }

  #exchange(http: Step['http'], scope: Scope, jar: CookieJar): Promise<Exchange> {
    return exchange(http, scope, { line: this.#line, authentication: this.#authentication, auth: this.#check.auth, jar })
  }

  /** All steps for one target: what cannot be told ends them, what fails does not; steps marked `always` are done in any case. */
  async #observe(target: Target): Promise<TargetObservation> {
    const kept = new Map<string, Scalar>()
    const scope: Scope = { ...this.#scope(target), kept }
    const jars = new Map<string, CookieJar>()
    const failures: string[] = []
    const praises: string[] = []
    let untold: string | undefined
    let settled = false
    for (const [index, step] of (this.#check.steps ?? []).entries()) {
      if ((untold !== undefined || settled) && step.always !== true) continue
      if (!jars.has(step.as)) jars.set(step.as, new CookieJar())
      try {
        for (const item of itemsOver(step.over, scope)) {
          const done = await this.#step(step, index, { ...scope, item }, kept, jars.get(step.as) as CookieJar, target)
          failures.push(...done.failures)
          praises.push(...done.praises)
          settled ||= done.settled
          if (settled) break
        }
      } catch (error) {
        // A clean-up that does not work is told in the evidence; it says nothing about the promise.
        const reason = `${nameOf(step, index)}: ${messageOf(error)}${isVouchsafeError(error) && error.mend !== undefined ? ` ${error.mend}` : ''}`
        if (step.always === true) this.#asserted.push({ target: target.name, step: nameOf(step, index), assertion: 'clean-up', saw: this.#secrets.redact(reason).slice(0, 300), verdict: 'unknown' })
        else untold ??= reason
        if (this.#line.signal.aborted) break
      }
    }
    const verdict: Verdict = failures.length > 0 ? 'fails' : untold !== undefined ? 'unknown' : 'holds'
    const words = failures.length > 0 ? failures.slice(0, 3).join('; ') + (failures.length > 3 ? `; and ${failures.length - 3} more` : '') : (untold ?? (praises.at(-1) || 'all assertions held'))
    return { target: target.name, verdict, summary: show(this.#secrets.redact(words), 300) }
  }

  async #step(step: Step, index: number, scope: Scope, kept: Map<string, Scalar>, jar: CookieJar, target: Target): Promise<{ failures: string[]; praises: string[]; settled: boolean }> {
    const name = nameOf(step, index)
    const { subject, method, url, status, pages } = await this.#exchange(step.http, scope, jar)
    this.#requests.push({ target: target.name, step: name, method, url, status, ...(pages > 1 && { pages }) })
    const now = this.#line.now()
    const answer = step.answers?.find((one) => one.status === status && meets(fillValue(one.where ?? [], scope) as NonNullable<typeof one.where>, subject, now) === true)
    if (answer) return this.#settle(answer, name, target, scope)
    if (!isExpected(step.http, status)) throw new VouchsafeError('unreachable', unexpectedStatus(`${method} ${url}`, status), { mend: mendFor(status) })
    for (const [key, keep] of Object.entries(step.keep ?? {})) {
      const value = keptValue(keep, key, { subject, jar, pages })
      if (keep.secret === true) this.#secrets.hide(String(value))
      kept.set(key, value)
    }
    for (const assertion of step.require ?? []) {
      const judged = judge(fillAssertion(assertion, scope), subject, now)
      if (judged.verdict !== 'holds') throw new VouchsafeError('bad-input', `${assertion.else ? fill(assertion.else, scope) : judged.asserted} (${judged.because ?? judged.saw})`)
    }
    const failures: string[] = []
    for (const assertion of step.assert ?? []) {
      const judged = judge(fillAssertion(assertion, scope), subject, now)
      this.#asserted.push({ target: target.name, step: name, assertion: this.#secrets.redact(judged.asserted), saw: this.#secrets.redact(judged.saw).slice(0, 300), verdict: judged.verdict })
      if (judged.verdict === 'unknown') throw new VouchsafeError('bad-input', `it cannot be told whether ${judged.asserted}: ${judged.because}.`, { mend: 'Look whether the credentials may see this, and whether the answer still has the shape that the check expects.' })
      if (judged.verdict === 'fails') failures.push(assertion.else === undefined ? `not so: ${judged.asserted} (saw ${judged.saw})` : `${fill(assertion.else, scope)} (${judged.saw})`)
    }
    return { failures, praises: [], settled: false }
  }

  #settle(answer: Answer, step: string, target: Target, scope: Scope): { failures: string[]; praises: string[]; settled: boolean } {
    const summary = fill(answer.summary, scope)
    this.#asserted.push({ target: target.name, step, assertion: `answer ${answer.status}`, saw: this.#secrets.redact(summary), verdict: answer.verdict })
    if (answer.verdict === 'unknown') throw new VouchsafeError('bad-input', summary)
    return answer.verdict === 'fails' ? { failures: [summary], praises: [], settled: true } : { failures: [], praises: [summary], settled: true }
  }
}

const nameOf = (step: Step, index: number): string => step.name ?? `step ${index + 1}`

function* itemsOver(over: Over | undefined, scope: Scope): Generator<Scalar> {
  if (!over) yield null
  else if (over.values) yield* over.values
  else if (over.range) for (let n = over.range[0]; n <= over.range[1]; n++) yield n
  else if (over.around) {
    const middle = Number(fill(over.around.number, scope))
    if (!Number.isSafeInteger(middle)) throw new VouchsafeError('bad-input', 'over.around needs a whole number to go round.', { mend: 'Keep a number in an earlier step, or use range.' })
    for (let n = Math.max(0, middle - over.around.distance); n <= middle + over.around.distance; n++) yield n
  }
}

function keptValue(keep: Keep, name: string, from: { subject: Exchange['subject']; jar: CookieJar; pages: number }): Scalar {
  if (keep.cookie !== undefined) {
    const value = from.jar.get(keep.cookie)
    if (value === undefined) throw new VouchsafeError('bad-input', `there is no cookie ${keep.cookie} to keep as ${name}.`)
    return value
  }
  if (keep.between) {
    const [before, after] = keep.between
    const { text } = from.subject
    const begin = text.indexOf(before)
    const end = begin < 0 ? -1 : text.indexOf(after, begin + before.length)
    if (end < 0) throw new VouchsafeError('bad-input', `nothing stands between ${JSON.stringify(before)} and ${JSON.stringify(after)} to keep as ${name}.`, { mend: 'Look at the page: it has changed, or another one came.' })
    return text.slice(begin + before.length, Math.min(end, begin + before.length + 10_000))
  }
  const path = keep.at ?? '$'
  return scalarOf(find(parsePath(path), from.subject)[0], path)
}

function scalarOf(value: unknown, path: string): Scalar {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  throw new VouchsafeError('bad-input', `there is no text, number or truth value at ${path}.`, { mend: 'Look at the shape of the answer.' })
}

function fillAssertion<T>(assertion: T, scope: Scope): T {
  const { else: _spoken, ...rest } = assertion as { else?: string }
  return fillValue(rest, scope) as T
}

const unexpectedStatus = (what: string, status: number): string => `${what} was answered ${status}, which this check does not expect.`

function mendFor(status: number): string {
  if (status === 401) return 'Look whether the credentials are current.'
  if (status === 403 || status === 404) return 'Look whether the credentials were granted what this check reads, and whether the name is right.'
  if (status >= 300 && status < 400) return 'Redirects are not followed; name the address that it leads to.'
  return status >= 500 ? 'The other side has a fault; the check runs again.' : 'Look at the request that the check declares.'
}

/** @throws VouchsafeError for two targets of one name: a reader could not tell their verdicts apart */
function unique(targets: Target[]): Target[] {
  const sorted = targets.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const twice = sorted.find((target, i) => i > 0 && sorted[i - 1]?.name === target.name)
  if (twice) throw new VouchsafeError('bad-input', `Two targets are called ${JSON.stringify(twice.name)}.`, { mend: 'Choose another path for targets.from.name.' })
  return sorted
}

/** The one sentence of a run: for a single target its own, else how many of each and the first that is not well. */
export function summarise(targets: readonly TargetObservation[]): string {
  const [only] = targets
  if (!only) return 'There is no target to look at.'
  if (targets.length === 1) return `${only.target}: ${only.summary}`
  const counted = (['fails', 'unknown', 'holds'] as const).map((verdict) => ({ verdict, these: targets.filter((target) => target.verdict === verdict) })).filter(({ these }) => these.length > 0)
  const [worst] = counted
  const [first] = worst?.these ?? []
  const figures = `${targets.length} targets: ${counted.map(({ verdict, these }) => `${these.length} ${verdict === 'holds' ? 'hold' : verdict === 'fails' ? 'fail' : 'unknown'}`).join(', ')}`
  return worst && worst.verdict !== 'holds' && first ? show(`${figures}. ${first.target}: ${first.summary}`, 480) : figures
}

/** Evidence stays of a size that can be stored each hour; what is cut off is counted, and committed to by its digest. */
function cut(rows: Json[]): Json {
  if (rows.length <= MAX_REPORTED) return rows
  const rest = rows.slice(MAX_REPORTED)
  return [...rows.slice(0, MAX_REPORTED), { more: rest.length, sha256: createHash('sha256').update(JSON.stringify(rest)).digest('hex') }]
}
