import type { z } from 'zod'
import type { Instant } from '#core/clock'
import type { Actor } from './actor.ts'
import type { Contract, PermissionOf } from './contract.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface RouteRequest<P, Q, B> {
  params: P
  query: Q
  body: B
  actor: Actor
  at: Instant
  /** Entity tag without quotes, from If-Match (RFC 9110 §13.1.1). */
  ifMatch?: string
  /** For routes that a signature over the request permits, such as a runner's. */
  authorization?: string
  signal: AbortSignal
}

export interface RouteReply<R> {
  status?: 200 | 201 | 202 | 204
  body: R
  /** Without quotes. */
  etag?: string
  location?: string
}

/**
 * One address of the API. `permit` has no default: a route is open to anyone only by saying so, and a
 * permission that the contract does not declare does not compile.
 */
export type Route<C extends Contract = Contract> = RouteFor<PermissionOf<C>>

// By the permissions alone, so that routes of all contracts fit into one list.
interface RouteFor<Permission extends string> {
  readonly on: `${Method} /${string}`
  readonly permit: Permission | 'anyone'
  /** One line for the OpenAPI document. */
  readonly summary: string
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType | 'bytes'
  /** Most bytes of the body. */
  readonly bodyLimitBytes?: number
  readonly reply: z.ZodType
  readonly status?: 200 | 201 | 202 | 204
  handle(request: RouteRequest<never, never, never>): Promise<RouteReply<unknown>>
}

interface RouteSpec<C extends Contract, P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType | 'bytes', R extends z.ZodType> {
  on: `${Method} /${string}`
  permit: PermissionOf<C> | 'anyone'
  summary: string
  params?: P
  query?: Q
  body?: B
  bodyLimitBytes?: number
  reply: R
  status?: 200 | 201 | 202 | 204
  handle(
    request: RouteRequest<z.infer<P>, z.infer<Q>, B extends z.ZodType ? z.infer<B> : B extends 'bytes' ? Uint8Array : undefined>,
  ): Promise<RouteReply<z.input<R>>>
}

/** Routes of one contract: `const route = routesOf(contract)`, then `route({ on, permit, … })`. */
export const routesOf =
  <C extends Contract>(_contract: C) =>
  <P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType | 'bytes', R extends z.ZodType>(spec: RouteSpec<C, P, Q, B, R>): Route<C> =>
    spec
