import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { databaseAccount } from '../../src/core/database/account.ts'

/** Where Debian puts PostgreSQL's programs; the newest that is there. */
export const debianPostgres = ['18', '17', '16', '15'].map((version) => `/usr/lib/postgresql/${version}/bin`).find((folder) => existsSync(join(folder, 'initdb')))

/**
 * Starts a PostgreSQL from Debian's packages on a Unix socket, with a superuser `boss` whom the socket trusts.
 * @returns its socket folder and how to stop it
 */
export async function startDebianPostgres(encoding = 'UTF8'): Promise<{ socket: string; stop(): Promise<void> }> {
  if (debianPostgres === undefined) throw new Error('PostgreSQL of Debian is not installed')
  const account = await databaseAccount()
  const as = account === undefined ? {} : { uid: account.uid, gid: account.gid }
  const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-debian-'))
  chmodSync(folder, 0o777)
  const data = join(folder, 'data')
  const options = { ...as, cwd: '/', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } }
  execFileSync(join(debianPostgres, 'initdb'), ['-D', data, '-U', 'boss', '--auth=trust', '-E', encoding, '--no-locale', '--no-sync'], { ...options, stdio: 'pipe' })
  const hba = join(data, 'pg_hba.conf')
  execFileSync('sh', ['-c', `printf 'local all boss trust\\nlocal all all scram-sha-256\\n' > ${hba}`], options)
  const child = spawn(join(debianPostgres, 'postgres'), ['-D', data, '-k', folder, '-h', ''], { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
  await new Promise<void>((resolve, reject) => {
    let said = ''
    child.stderr.on('data', (part: Buffer) => { said += part.toString(); if (said.includes('ready to accept')) resolve() })
    child.on('exit', () => reject(new Error(said)))
  })
  child.removeAllListeners('exit')
  return {
    socket: folder,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGINT')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
