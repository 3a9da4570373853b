import { reactionTo, type Module } from '#core/module'
import { authentication } from '#modules/authentication'
import { identity } from '#modules/identity'
import { keyholding } from './contract.ts'
import { EncryptionKeys } from './encryption-keys.ts'
import type { KeyholdingServices } from './index.ts'
import type { KeyholdingParts } from './parts.ts'
import { keyholdingRoutes } from './routes.ts'
import { SigningPasskeys } from './signing-passkeys.ts'
import { currentOf, keyholdingMigrations, ours, removePasskeyWraps } from './store.ts'

/** Keys of people. Stands on identity and authentication; the log is told of every key in the change that makes or ends it. */
export function createKeyholdingModule(parts: KeyholdingParts): KeyholdingServices & { module: Module<typeof keyholding> } {
  const encryption = new EncryptionKeys(parts)
  const signing = new SigningPasskeys(parts)
  return {
    recipientsOf: (personIds) => currentOf(parts.db, personIds),
    module: {
      contract: keyholding,
      migrations: keyholdingMigrations.folder,
      routes: keyholdingRoutes(parts, encryption, signing),
      checks: [],
      obligations: [],
      reactions: [
        // INVARIANT: in the transaction of the deactivation. The wraps stay: only the person could ever open them, and
        // old files would be lost with them.
        reactionTo(identity, 'person.deactivated', async ({ person }, tx) => {
          await encryption.end(ours(tx), person, 'deactivated')
          await signing.end(ours(tx), person)
        }),
        reactionTo(authentication, 'passkey.removed', async ({ person, passkey }, tx) => {
          await removePasskeyWraps(ours(tx), person, passkey)
          await signing.endOfPasskey(ours(tx), person, passkey)
        }),
        reactionTo(authentication, 'credentials.removed', async ({ person }, tx) => {
          await removePasskeyWraps(ours(tx), person)
          await signing.end(ours(tx), person)
        }),
      ],
      sections: [],
    },
  }
}
