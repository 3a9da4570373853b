import { readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { VouchsafeError } from '#core/errors'

/** A Unix account. PostgreSQL refuses to run as root and needs one that has a name in the passwd file. */
export interface Account {
  name: string
  uid: number
  gid: number
}

/**
 * The account the embedded database runs as. `undefined`: our own, when we are not root.
 *
 * As root we take the account named `vouchsafe` where the machine has one, because a file of `nobody` is open to
 * every other service that also runs as `nobody`; otherwise `nobody`, which every Unix has.
 */
export async function databaseAccount(uid = process.getuid?.(), passwdFile = '/etc/passwd'): Promise<Account | undefined> {
  if (uid !== 0) return undefined
  const accounts = parsePasswd(await readFile(passwdFile, 'utf8').catch(() => ''))
  for (const name of ['vouchsafe', 'nobody']) {
    const account = accounts.find((candidate) => candidate.name === name && candidate.uid > 0)
    if (account !== undefined) return account
  }
  throw new VouchsafeError('unavailable', 'The embedded database cannot run as root, and this machine has no account named "vouchsafe" or "nobody".', {
    mend: 'Create one (useradd --system vouchsafe), start Vouchsafe as an ordinary account, or name a PostgreSQL with --database-url.',
  })
}

/** Reads lines of passwd(5): name:password:uid:gid:…; lines of another form are skipped. */
export function parsePasswd(text: string): Account[] {
  const accounts: Account[] = []
  for (const line of text.split('\n')) {
    const [name, , uid, gid] = line.split(':')
    if (name && uid && gid && /^\d+$/.test(uid) && /^\d+$/.test(gid)) accounts.push({ name, uid: Number(uid), gid: Number(gid) })
  }
  return accounts
}

/**
 * The first folder on the way from `/` to `folder` that `account` may not pass, or `undefined` when it can reach it.
 * Reads mode bits only; an access list that grants more is not seen, one that grants less shows when the database starts.
 */
export async function firstClosedFolder(folder: string, account: Account): Promise<string | undefined> {
  let closed: string | undefined
  for (let at = folder; ; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at)
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) closed = at
    if (at === dirname(at)) return closed
  }
}
