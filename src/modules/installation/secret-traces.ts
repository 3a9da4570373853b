import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { Check } from '#core/check'
import type { RolePasswords } from '#core/database'
import { databaseFolder } from './data-folder.ts'
import { tailOf } from './log-file.ts'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, unknown, type Sight } from './self-check.ts'

const NEWEST_EVENTS = 10_000

export function secretTracesCheck(parts: InstallationParts): Check {
  const { organisation, dataFolder, operatorFolder, server } = parts
  return selfCheck(
    {
      noun: 'secret-traces',
      title: 'Secrets leave no trace in logs',
      controls: ['secrets-managed'],
      method: `Takes the secrets of this installation (root key, operator's token, passwords of the database) and looks for each of them in the program's own log file and in the newest ${NEWEST_EVENTS} events of the audit trail.`,
      cadenceSeconds: HOUR,
      revision: 1,
      allHold: () => 'none of the secrets of this installation stands in its log file or in its audit trail',
    },
    {
      targets: () => ['log file', 'audit trail'],
      look: async (target) => {
        const secrets = await readSecrets()
        if (secrets.length === 0) return unknown('no secret could be read to look for')
        return target === 'log file' ? lookAtFile(secrets) : lookAtTrail(secrets)
      },
    },
  )

  async function lookAtFile(secrets: readonly Secret[]): Promise<Sight> {
    const tail = await tailOf(join(dataFolder, 'vouchsafe.log'))
    if (tail === undefined) return unknown('there is no log file yet')
    return judge(tail, secrets, 'the log file')
  }

  async function lookAtTrail(secrets: readonly Secret[]): Promise<Sight> {
    const { rows } = await sql<{ text: string | null }>`
      select string_agg(concat_ws(' ', actor_name, action, subject_id, detail::text, request_id), ' ') as text
      from (select * from audit.event order by at desc limit ${NEWEST_EVENTS}) newest`.execute(organisation.database.app)
    return judge(rows[0]?.text ?? '', secrets, 'the audit trail')
  }

  /** INVARIANT: a secret is compared here and never told: not in a summary, not in evidence. */
  async function readSecrets(): Promise<Secret[]> {
    const text = (path: string) => readFile(path, 'utf8').catch(() => '')
    const passwords = await organisation.keys.secret('database-roles').catch(() => undefined)
    return [
      ...(await text(join(dataFolder, 'keys', 'root'))).split('\n').map((line) => ({ name: 'a root key', value: line.split(' ')[1] ?? '' })),
      { name: "the operator's token", value: (await text(join(operatorFolder, 'token'))).trim() },
      { name: "the database administrator's password", value: (await text(join(databaseFolder(server, dataFolder), 'admin.secret'))).trim() },
      ...Object.entries(passwords === undefined ? {} : (JSON.parse(passwords) as RolePasswords)).map(([kind, value]) => ({ name: `the password of the ${kind} role`, value })),
    ].filter(({ value }) => value.length >= 16)
  }
}

interface Secret {
  name: string
  value: string
}

function judge(text: string, secrets: readonly Secret[], where: string): Sight {
  const found = secrets.find(({ value }) => text.includes(value) || text.includes(Buffer.from(value).toString('base64').replace(/=+$/, '').slice(0, -2)))
  return found ? fails(`${found.name} stands in ${where}; rotate it and find out what wrote it`) : holds(`${secrets.length} secrets were looked for and not found in ${where}`, { secrets: secrets.map(({ name }) => name) })
}
