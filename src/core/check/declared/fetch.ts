/** What declared checks ask of the one door to the outside; `outboundFetch` is made to fit by whoever composes the program. */
export type Fetch = (url: string, request: FetchRequest) => Promise<FetchAnswer>

export interface FetchRequest {
  method: string
  headers: Readonly<Record<string, string>>
  body?: Uint8Array
  /** The answer's body is cut off, and refused, beyond this. */
  maxBytes: number
  timeoutMs: number
  /** Always 0 here: a redirect would carry credentials to where nobody decided to send them. */
  maxRedirects: 0
  /** Whether private and loopback addresses may be called: the operator's decision, never the declaration's. */
  allowPrivate: boolean
  signal: AbortSignal
}

export interface FetchAnswer {
  status: number
  /** By lower-case name; several of one name joined by `, `. */
  headers: Readonly<Record<string, string>>
  /** Each `Set-Cookie` line by itself (RFC 6265 §3: they cannot be joined). */
  setCookies: readonly string[]
  body: Uint8Array
}
