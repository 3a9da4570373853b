/** The keyholding module's front door. */
export { keyholding } from './contract.ts'
export type { KeyholdingParts } from './parts.ts'
export { keyholdingMigrations } from './store.ts'

export interface KeyholdingServices {
  /**
   * What files that only these people may read are encrypted to: age recipients. Whoever has no key that counts is left out;
   * the caller says so to whoever asked, and never encrypts to fewer people in silence.
   */
  recipientsOf(personIds: readonly string[]): Promise<readonly { person: string; recipient: string; keyId: string }[]>
}
