import type { Check } from '#core/check'
import type { InstallationParts } from './parts.ts'
import { DAY, fails, holds, MINUTE, selfCheck } from './self-check.ts'
import { matchesIn, MOST_ROWS, textColumns } from './stored-text.ts'

/** RFC 5322 §3.4.1, as far as addresses are really written; the final label has letters, so that versions do not match. */
const ADDRESS = '([A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\\.[A-Za-z0-9-]{1,63}){0,8}\\.[A-Za-z]{2,24})'

/**
 * Where an address may stand, and why. What acts is named by the operator; what is published is public by decision.
 * INVARIANT: a new place for personal data is added here by a person, or the check fails.
 */
export const DECLARED: Readonly<Record<string, string>> = {
  'page.setting.value': 'contacts for security.txt, published',
  'page.wording.text': 'sentences of the page',
  'page.version.name': 'name of the file that a policy came from',
  'page.version.created_by': 'who brought a policy in',
  'page.decision.by_name': 'who decided',
  'page.correction.by_name': 'who corrected',
  'page.correction.change': 'what was corrected',
  'page.note.text': 'public notes',
  'page.note.by_name': 'who wrote a public note',
  'audit.event.actor_name': 'who acted',
  'audit.event.detail': 'what an auditor needs of it',
  'identity.person.email': 'where somebody is written to',
  'identity.person.email_folded': 'by which they are found',
  'identity.person.display_name': 'what somebody is called',
  'identity.person.title': 'what they are here',
  'identity.invitation.email_folded': 'whom an invitation is for',
  'federation.account.subject': 'who somebody is at their provider',
  'provisioning.account.user_name_folded': 'who somebody is in their directory',
  'provisioning.account.external_id': 'who somebody is in their directory',
  'provisioning.account.content': 'what a directory says of somebody',
  'provisioning.account.compared': 'what a directory says of somebody, as it is searched',
  'integrations.letter.recipient': 'whom a letter is for',
  'integrations.mail_setting.from_address': 'whom letters come from',
  'statement.key.holder': 'whose key it is',
  'statement.attestation.statement': 'what a named person attests',
}

export function personalDataCheck({ organisation }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'personal-data',
      title: 'Personal data stands only where it is declared to',
      controls: ['data-minimised'],
      method: `Looks through every column of the database that can hold text, up to the last ${MOST_ROWS} rows each, for e-mail addresses, and compares where they stand with the list of ${Object.keys(DECLARED).length} columns that may hold what tells of a person. Names alone cannot be recognised.`,
      cadenceSeconds: DAY,
      timeLimitSeconds: 15 * MINUTE,
      revision: 1,
    },
    {
      targets: () => ['database'],
      look: async (_target, { signal }) => {
        const columns = await textColumns(organisation.database.app)
        const holding: string[] = []
        for (const column of columns) {
          signal.throwIfAborted()
          if ((await matchesIn(organisation.database.app, column, ADDRESS)).length > 0) holding.push(column.name)
        }
        const stray = holding.filter((name) => !(name in DECLARED))
        if (stray[0]) return fails(`${stray[0]} holds e-mail addresses and is not declared to${stray.length > 1 ? ` (and ${stray.length - 1} more columns)` : ''}`, { stray })
        return holds(holding.length === 0 ? `no e-mail address in ${columns.length} columns that can hold text` : `e-mail addresses stand in ${holding.length} of ${columns.length} columns that can hold text, all of them declared`, { holding })
      },
    },
  )
}
