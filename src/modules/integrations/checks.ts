import type { Json } from '@vouchsafe/verify'
import { verdictOf, type Check, type CheckDefinition, type TargetObservation } from '#core/check'
import type { OrganisationDatabase } from '#core/database'
import { isVouchsafeError, messageOf } from '#core/errors'
import type { Sealing } from './sealing.ts'
import { greet } from './smtp.ts'
import { FAILED_DAYS } from './tidying.ts'
import { DAY_MS } from './retry.ts'
import { lettersOf } from './sealing.ts'
import { mailPassword, mailSetting, oldestDayKey, outside, someSecrets, unsealedLetters } from './store.ts'
import { openMailServer } from './mail-server.ts'

export interface ChecksParts {
  db: OrganisationDatabase
  sealing: Sealing
}

type Sight = Pick<TargetObservation, 'verdict' | 'summary'>
const holds = (summary: string): Sight => ({ verdict: 'holds', summary })
const fails = (summary: string): Sight => ({ verdict: 'fails', summary })
const unknown = (summary: string): Sight => ({ verdict: 'unknown', summary })

const HOUR = 3600

type Terms = Pick<CheckDefinition, 'id' | 'title' | 'controls' | 'method' | 'cadenceSeconds' | 'confirmations'>

/** One target, one look. What throws is unknown: only an observation can hold or fail. */
function check(terms: Terms, target: () => Promise<string | undefined>, look: () => Promise<Sight>): Check {
  const targets = async (): Promise<string[]> => {
    const name = await target()
    return name === undefined ? [] : [name]
  }
  return {
    definition: { kind: 'built-in', freshnessSeconds: 3 * terms.cadenceSeconds, maxAttempts: 1, timeLimitSeconds: 60, canContradict: true, vouching: 'software', namedOnly: true, revision: 1, ...terms },
    targets,
    async run() {
      const declared = await targets()
      const observed = await Promise.all(declared.map(async (name): Promise<TargetObservation> => ({ target: name, ...(await look().catch((error: unknown) => unknown(`could not be looked at: ${messageOf(error)}`))) })))
      const evidence: Record<string, Json> = Object.fromEntries(observed.map(({ target: name, summary }) => [`seen of ${name}`, summary]))
      return { verdict: verdictOf(observed), summary: observed[0]?.summary ?? 'nothing to look at yet', targets: observed, declared: declared.length, evidence }
    },
  }
}

/** What of this room can be observed: that letters go out encrypted, that what they said is gone, that secrets are sealed. */
export function integrationsChecks({ db, sealing }: ChecksParts): readonly Check[] {
  const q = outside(db.app)
  return [
    check(
      {
        id: 'integrations/mail-encryption',
        title: 'Letters leave encrypted, to a mail server that proves who it is',
        controls: ['encryption-in-transit'],
        method: 'Greets the mail server as every letter does, with TLS 1.2 or later and a certificate that must be good for its name, signs in where there is a password, and sends nothing.',
        cadenceSeconds: 6 * HOUR,
        confirmations: 2, // a mail server that restarts breaks no promise
      },
      async () => ((await mailSetting(q)) === undefined ? undefined : 'mail server'),
      async () => {
        const server = await openMailServer(q, sealing)
        if (server === undefined) return unknown('no mail server is set up')
        if (server.tls === 'none') return holds('the mail server is on this machine, and no letter leaves it through us')
        const greeted = await greet(server)
        if (greeted.kind === 'well') return holds('it took the greeting over TLS with a good certificate')
        return greeted.kind === 'untrusted' ? fails(`it cannot be spoken to safely: ${greeted.problem}`) : unknown(`it did not answer: ${greeted.problem}`)
      },
    ),
    check(
      {
        id: 'integrations/letters-erased',
        title: 'What a letter said is gone once it has left',
        controls: ['data-minimised'],
        method: `Looks for letters that have gone or were dropped and still hold what they said, and for keys of days longer ago than letters are kept; each key is destroyed with the last letter of its day, ${FAILED_DAYS} days later at the latest.`,
        cadenceSeconds: 24 * HOUR,
        confirmations: 1,
      },
      async () => 'letters',
      async () => {
        const left = await unsealedLetters(q)
        if (left > 0) return fails(`${left} letters that have gone still hold what they said`)
        const oldest = await oldestDayKey(q)
        // Two days more than letters are kept: one that a day is left for changes under way, one for the daily round.
        const border = lettersOf(new Date(db.clock.now().getTime() - (FAILED_DAYS + 3) * DAY_MS))
        return oldest !== undefined && oldest < border ? fails(`the key for ${oldest} is still there`) : holds('no letter that has gone holds anything, and no key is older than letters are kept')
      },
    ),
    check(
      {
        id: 'integrations/secrets-sealed',
        title: 'Secrets of webhooks and of the mail server open nowhere else',
        controls: ['secrets-managed', 'encryption-at-rest'],
        method: 'Takes up to 100 sealed secrets, opens each in its place, and tries to open it as if it were another row, as somebody would who can write to the table.',
        cadenceSeconds: 24 * HOUR,
        confirmations: 1,
      },
      async () => ((await someSecrets(q, 1)).length > 0 || (await mailPassword(q)) !== undefined ? 'secrets' : undefined),
      async () => {
        const password = await mailPassword(q)
        const secrets = [...(await someSecrets(q, 100)).map((secret) => ({ table: 'endpoint_secret', row: secret.id, sealed: secret })), ...(password === undefined ? [] : [{ table: 'mail_password', row: 'password', sealed: password }])]
        for (const { table, row, sealed } of secrets) {
          await sealing.open(table, row, sealed)
          const moved = await sealing.open(table, 'another-row', sealed).then(
            () => 'opened',
            (error: unknown) => (isVouchsafeError(error, 'corrupt') ? 'refused' : 'unclear'),
          )
          if (moved === 'opened') return fails('a secret opened in a place that is not its own')
          if (moved === 'unclear') return unknown('a secret could not be tried elsewhere')
        }
        return holds(`${secrets.length} sealed secrets open in their places, and nowhere else`)
      },
    ),
  ]
}
