import type { Check } from '#core/check'
import type { InstallationParts } from './parts.ts'
import { DAY, fails, holds, MINUTE, selfCheck } from './self-check.ts'
import { matchesIn, MOST_ROWS, textColumns } from './stored-text.ts'

/** Where alone hashes of passwords belong; `authentication/password-hashes` looks at what they are worth. */
const PLACE = 'authentication.secret_phrase.hash'

/** How the usual functions write a hashed password (PHC string format, crypt(5)), and a password in the clear beside its name. */
const HASHED = '(\\$(?:argon2(?:id|i|d)|scrypt|pbkdf2[a-z0-9-]*|2[abxy]|[156])\\$[^" ]{20,})'
const NOT_ARGON2ID = '^(?!\\$argon2id\\$).+$'
const IN_THE_CLEAR = '("(?:password|passwd|passphrase)": *"[^"]+")'

export function passwordsCheck({ organisation }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'passwords',
      title: 'Passwords of people stand in one place, hashed',
      controls: ['password-hashing', 'data-minimised'],
      method: `Looks at the name of every column of the database, and through every column that can hold text, up to the last ${MOST_ROWS} rows each, for passwords in the clear and for hashed ones. Hashes belong in the one column that signing in keeps them in, and there must be Argon2id; a password in the clear belongs nowhere.`,
      cadenceSeconds: DAY,
      timeLimitSeconds: 15 * MINUTE,
      revision: 2,
    },
    {
      targets: () => ['database'],
      look: async (_target, { signal }) => {
        const columns = await textColumns(organisation.database.app)
        const named = columns.find(({ column }) => /passw|passphrase|pwd/i.test(column))
        if (named) return fails(`there is a column for passwords, ${named.name}`, { column: named.name })
        for (const column of columns) {
          signal.throwIfAborted()
          if (column.name === PLACE) {
            if ((await matchesIn(organisation.database.app, column, NOT_ARGON2ID)).length > 0) return fails(`${PLACE} holds what is no Argon2id hash`, { column: PLACE })
            continue
          }
          for (const [pattern, what] of [[HASHED, 'hashed passwords'], [IN_THE_CLEAR, 'passwords in the clear']] as const) {
            if ((await matchesIn(organisation.database.app, column, pattern)).length > 0) return fails(`${column.name} holds ${what}`, { column: column.name })
          }
        }
        return holds(`no password in ${columns.length} columns that can hold text, but for the hashes of those who sign in`, { columns: columns.length })
      },
    },
  )
}
