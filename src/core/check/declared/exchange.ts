import { VouchsafeError } from '#core/errors'
import { readAnswer } from './answer.ts'
import { oneLine } from './authentication.ts'
import type { Authentication } from './authentication.ts'
import { send } from './call.ts'
import type { Call, Line } from './call.ts'
import type { CookieJar } from './cookie.ts'
import type { Auth, HttpRequest } from './declaration.ts'
import { itemsOf, nextPage, refuseMore } from './paging.ts'
import type { NextPage } from './paging.ts'
import type { Subject } from './path.ts'
import { fill, fillUrl, fillValue } from './template.ts'
import type { Scalar, Scope } from './template.ts'

/** One declared request and what came back, all pages of it. */
export interface Exchange {
  subject: Subject
  /** Without query and secrets. */
  method: string
  url: string
  status: number
  pages: number
}

/**
 * Sends a declared request with its authentication and follows its pages. With paging, the body that paths see is the
 * list of all items (`$` is the list).
 *
 * @throws VouchsafeError when no answer came, when a page has another shape, or when there are too many pages
 */
export async function exchange(request: HttpRequest, scope: Scope, parts: { line: Line; authentication: Authentication; auth: Auth | undefined; jar: CookieJar }): Promise<Exchange> {
  const { line, authentication, jar } = parts
  const items: unknown[] = []
  let page: NextPage | undefined
  let first: URL | undefined
  for (let pages = 1; ; pages++) {
    const unsigned = callOf(request, scope, page, jar, line.now())
    first ??= unsigned.url
    const call = await authentication.apply(request.auth ?? parts.auth, unsigned, scope)
    const answer = await send(line, call, { retries: request.retries, maxBytes: request.maxKilobytes * 1024 })
    for (const cookie of jar.take(call.url, answer.setCookies, line.now())) scope.secrets.hide(cookie)
    const subject = readAnswer(answer, isExpected(request, answer.status) ? request.read : undefined)
    const seen = { method: request.method, url: scope.secrets.redact(`${first.origin}${first.pathname}`), status: answer.status, pages }
    if (!request.paging || !isExpected(request, answer.status)) return { subject, ...seen }
    const found = itemsOf(request.paging, subject)
    for (const item of found) items.push(item)
    page = nextPage(request.paging, subject, { url: call.url, page: pages - 1, items: found.length, now: line.now() })
    if (!page) return { subject: { ...subject, body: items }, ...seen }
    refuseMore(pages, items.length, request.paging)
  }
}

/** The statuses after which assertions are judged: those listed, else any 2xx. */
export const isExpected = (request: HttpRequest, status: number): boolean => (request.status ? request.status.includes(status) : status >= 200 && status < 300)

function callOf(request: HttpRequest, scope: Scope, page: NextPage | undefined, jar: CookieJar, now: Date): Call {
  const url = page?.kind === 'url' ? page.url : fillUrl(request.url, scope)
  if (page?.kind !== 'url') for (const [key, value] of Object.entries(request.query ?? {})) url.searchParams.set(key, String((fillValue(value, scope) as Scalar | undefined) ?? ''))
  const field = page?.kind === 'field' ? page : undefined
  if (field?.place === 'query') url.searchParams.set(field.name, field.value)

  const headers: Record<string, string> = { accept: request.read === 'xml' ? 'application/xml' : 'application/json, */*;q=0.5', 'user-agent': 'vouchsafe-check/1' }
  const body = bodyOf(request, scope, field, headers)
  for (const [key, value] of Object.entries(request.headers ?? {})) headers[key.toLowerCase()] = oneLine(fill(value, scope))
  const cookie = jar.header(url, now)
  if (cookie !== undefined && headers['cookie'] === undefined) headers['cookie'] = cookie
  return { method: request.method, url, headers, ...(body && { body }) }
}

function bodyOf(request: HttpRequest, scope: Scope, field: Extract<NextPage, { kind: 'field' }> | undefined, headers: Record<string, string>): Uint8Array | undefined {
  if (request.form !== undefined || field?.place === 'form') {
    const form = new URLSearchParams(Object.entries(request.form ?? {}).map(([key, value]): [string, string] => [key, String((fillValue(value, scope) as Scalar | undefined) ?? '')]))
    if (field?.place === 'form') form.set(field.name, field.value)
    headers['content-type'] = 'application/x-www-form-urlencoded'
    return Buffer.from(form.toString())
  }
  if (request.json !== undefined || field?.place === 'json') {
    const json = fillValue(request.json ?? {}, scope)
    if (field?.place === 'json') {
      if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new VouchsafeError('bad-input', 'paging.cursor.json needs a body that is an object.')
      ;(json as Record<string, unknown>)[field.name] = field.value
    }
    headers['content-type'] = 'application/json'
    return Buffer.from(JSON.stringify(json))
  }
  if (request.text === undefined) return undefined
  headers['content-type'] = 'text/plain; charset=utf-8'
  return Buffer.from(fill(request.text, scope))
}
