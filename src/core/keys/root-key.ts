/**
 * The key that wraps all others. It never leaves its provider except the local file's, which is read into memory.
 *
 * `context` names the key that is wrapped and is authenticated: a wrapped key put in another's place does not unwrap.
 */
export interface RootKey {
  /** Recorded with each wrapped key, to find the root that opens it. */
  readonly id: string
  /** @param plain at most 4096 bytes, the smallest limit among providers */
  wrap(plain: Uint8Array, context: string): Promise<Uint8Array>
  /** @throws VouchsafeError `corrupt` for a wrong context or altered bytes, `unavailable` when the provider cannot be asked */
  unwrap(wrapped: Uint8Array, context: string): Promise<Buffer>
  /** One line for people; no secret in it. */
  describe(): string
}
