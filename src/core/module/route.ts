import type { z } from 'zod'
import type { Instant } from '#core/clock'
import type { Access, Facts } from '#core/permission'
import type { Actor } from './actor.ts'
import type { Contract, PermissionOf, RecordOf } from './contract.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Where a request came from, as far as the listener knows; never what the request says of itself. */
export interface Client {
  /** Address of the peer, or the one that a trusted proxy reported. */
  address: string
  /** The client's own words: attacker-controlled, cut to 300 characters, shown only as text. */
  userAgent?: string
  /** Cookies by name, as sent. */
  cookies: Readonly<Record<string, string>>
  /** The origin under which this installation is reached: `https://security.example.com`, without a path. */
  origin: string
  /** Sec-Fetch-Site: where the page stands that made the browser ask. Left out by programs and by old browsers. */
  fetchSite?: string
}

export interface RouteRequest<P, Q, B> {
  params: P
  query: Q
  body: B
  actor: Actor
  /** What the actor may do. A route that shows or changes records asks it; the permit alone was asked before. */
  access: Access
  client: Client
  at: Instant
  /** For the audit and the journal: one for each request. */
  requestId: string
  /** Entity tag without quotes, from If-Match (RFC 9110 §13.1.1). */
  ifMatch?: string
  /** For routes that a signature over the request permits, such as a runner's. */
  authorization?: string
  signal: AbortSignal
}

/** A cookie to set; always Secure, HttpOnly, Path=/ and without Domain, under the `__Host-` prefix (RFC 6265bis §4.1.3.2). */
export interface SetCookie {
  /** Without the prefix: `session` is sent as `__Host-session`. */
  name: string
  /** Empty: the cookie is removed. */
  value: string
  maxAgeSeconds?: number
  /** `None` only where an identity provider must post to us from its own page. Default `Lax`. */
  sameSite?: 'Strict' | 'Lax' | 'None'
}

export interface RouteReply<R> {
  /** 303 sends the browser to `location`; the body is left out then. */
  status?: 200 | 201 | 202 | 204 | 303
  body: R
  /** Without quotes. */
  etag?: string
  location?: string
  cookies?: readonly SetCookie[]
  /** For what is no JSON: sent as it is, with this media type, as an attachment where a file name is given. */
  file?: { mediaType: string; bytes: Uint8Array | string; name?: string }
  /** The same for what is too long to be held: written while it is read, and never kept for a repeated key. */
  stream?: { mediaType: string; bytes: ReadableStream<Uint8Array>; name?: string }
}

/**
 * One address of the API. `permit` has no default: a route is open to anyone only by saying so, and a
 * permission that the contract does not declare does not compile. `signed-in` is for what everybody may do with what is
 * their own: their sessions, their passkeys. It takes persons with a session; tokens are refused.
 */
export type Route<C extends Contract = Contract> = RouteFor<PermissionOf<C>>

// By the permissions alone, so that routes of all contracts fit into one list.
interface RouteFor<Permission extends string> {
  readonly on: `${Method} /${string}`
  readonly permit: Permission | 'anyone' | 'signed-in'
  /** One line for the OpenAPI document. */
  readonly summary: string
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType | 'bytes'
  /** Most bytes of the body. */
  readonly bodyLimitBytes?: number
  readonly reply: z.ZodType
  readonly status?: 200 | 201 | 202 | 204 | 303
  /** A dangerous act: a session must have shown its second factor within the step-up limit; a token never suffices. */
  readonly stepUp?: true
  /** Its answer holds a secret that is shown once: it is never kept for a repeated Idempotency-Key. `signed-in` routes never are. */
  readonly secret?: true
  /**
   * The record that the act is about. It is loaded before the act is decided: what may not be found is answered like
   * what is not there (404), what may be found but not acted on is refused (403).
   */
  readonly about?: { readonly record: string; load(params: never): Promise<Facts | undefined> }
  /**
   * The person on whose account it acts, so that it could put somebody else in their place: refused to whoever holds less
   * than they do.
   */
  readonly over?: (params: never) => string
  handle(request: RouteRequest<never, never, never>): Promise<RouteReply<unknown>>
}

interface RouteSpec<C extends Contract, P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType | 'bytes', R extends z.ZodType> {
  on: `${Method} /${string}`
  permit: PermissionOf<C> | 'anyone' | 'signed-in'
  summary: string
  params?: P
  query?: Q
  body?: B
  bodyLimitBytes?: number
  reply: R
  status?: 200 | 201 | 202 | 204 | 303
  stepUp?: true
  secret?: true
  about?: { record: RecordOf<C>; load(params: z.infer<P>): Promise<Facts | undefined> }
  over?: (params: z.infer<P>) => string
  handle(
    request: RouteRequest<z.infer<P>, z.infer<Q>, B extends z.ZodType ? z.infer<B> : B extends 'bytes' ? Uint8Array : undefined>,
  ): Promise<RouteReply<z.input<R>>>
}

/** Routes of one contract: `const route = routesOf(contract)`, then `route({ on, permit, … })`. */
export const routesOf =
  <C extends Contract>(_contract: C) =>
  <P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType | 'bytes', R extends z.ZodType>(spec: RouteSpec<C, P, Q, B, R>): Route<C> =>
    spec
