import { z } from 'zod'
import { defineContract } from '#core/module'
import { authentication } from '#modules/authentication'
import { identity } from '#modules/identity'

const person = z.uuid()

/** Keys that people hold: one to read what only people may read, and passkeys that sign what they attest. */
export const keyholding = defineContract({
  id: 'keyholding',
  title: 'Keys of people',
  needs: [identity, authentication],
  tables: { encryption_key: 'changing', wrap: 'changing', signer: 'append-only' },
  permissions: {},
  events: {
    'encryption-key.made': z.strictObject({ person, key: z.uuid() }),
    'encryption-key.ended': z.strictObject({ person, key: z.uuid(), why: z.enum(['replaced', 'deactivated']) }),
    'encryption-key.wrapped': z.strictObject({ person, key: z.uuid(), kind: z.enum(['passkey', 'passphrase', 'recovery']) }),
    'encryption-key.unwrapped': z.strictObject({ person, key: z.uuid() }),
    'signing-passkey.added': z.strictObject({ person, passkey: z.uuid(), keyId: z.string() }),
    'signing-passkey.revoked': z.strictObject({ person, keyId: z.string() }),
  },
})
