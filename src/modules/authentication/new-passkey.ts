import { randomUUID } from 'node:crypto'
import { VouchsafeError } from '#core/errors'
import { verifyRegistration, type Passkey, type Registration, type RelyingParty } from './passkey.ts'
import type { AuthenticationStore } from './store.ts'

/** Passkeys that one person may have: enough for every device, too few to fill the database with. */
export const MOST_PASSKEYS = 20

/**
 * Verifies a passkey that was just made, for one account.
 * @param challenge taken away from its ceremony before this is asked
 * @throws VouchsafeError `bad-input` when it does not verify, `conflict` when it is registered already
 */
export async function readNewPasskey(store: AuthenticationStore, party: RelyingParty, challenge: string | undefined, response: Registration, of: { userHandle: string; name?: string; at: Date }): Promise<Omit<Passkey, 'personId'>> {
  if (challenge === undefined) throw new VouchsafeError('bad-input', 'This passkey was not asked for, or was answered already.', { mend: 'Begin adding it again.' })
  const made = await verifyRegistration(party, challenge, response).catch((cause: unknown) => {
    throw new VouchsafeError('bad-input', 'The passkey could not be verified.', { mend: 'Try again; it must be able to ask for a PIN, a finger or a face.', cause })
  })
  // WebAuthn §7.1 step 26: one credential is one account's.
  if ((await store.passkeyByCredential(made.credentialId)) !== undefined) throw new VouchsafeError('conflict', 'This passkey is registered already.', { mend: 'Use another device, or remove the old passkey first.' })
  return { id: randomUUID(), ...made, userHandle: of.userHandle, name: nameOf(of.name, made.backedUp), createdAt: of.at }
}

export function nameOf(given: string | undefined, backedUp: boolean): string {
  const name = given?.replace(/\p{C}/gu, '').trim().slice(0, 60)
  return name || (backedUp ? 'Passkey' : 'Security key')
}
