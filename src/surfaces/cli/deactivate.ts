import { VouchsafeError } from '#core/errors'
import { DATA, dataFolder, operatorClient, type Client } from './client.ts'
import { defineCommand, FORMAT, json, requireFormat } from './command.ts'

interface PersonShown {
  id: string
  displayName?: string
  state?: string
}

export const deactivateCommand = defineCommand({
  name: 'deactivate',
  summary: 'End everything that a person or service account holds: sessions, tokens, roles, memberships, invitations.',
  usage: `PERSON [--why TEXT] [--as NAME] [--format text|json] [--data DIR]

  PERSON      an e-mail address, in any spelling, or an id
  --why TEXT  kept with the person, for whoever may read it; not in the audit
  It holds from the next request on, on every node. The last owner cannot be deactivated.`,
  options: { ...FORMAT, ...DATA, why: { type: 'string' }, as: { type: 'string' } },
  least: 1,
  async run({ values, words, terminal }) {
    const asJson = requireFormat(values.format, ['text', 'json']) === 'json'
    const client = operatorClient(dataFolder(values.data, terminal), values.as)
    const before = await findPerson(client, words[0]!)
    const after = await client.send<PersonShown>('POST', `/people/${before.id}/deactivate`, values.why === undefined ? {} : { why: values.why })
    const name = before.displayName ?? before.id
    terminal.out(asJson ? json(after) : before.state === 'deactivated' ? `${name} had been deactivated already.\n` : `${name} has been deactivated. Nothing that they held works any more.\n`)
    return 0
  },
})

/** @throws VouchsafeError `not-found` */
async function findPerson(client: Client, who: string): Promise<PersonShown> {
  if (!who.includes('@')) return client.get<PersonShown>(`/people/${encodeURIComponent(who)}`)
  const { items } = await client.get<{ items: PersonShown[] }>(`/people?email=${encodeURIComponent(who)}`)
  if (items[0] === undefined) throw new VouchsafeError('not-found', 'There is nobody with this e-mail address.', { mend: 'Give their id, as the console and GET /api/v1/people show it.' })
  return items[0]
}
