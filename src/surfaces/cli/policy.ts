import { STATE_SIGNS, STATE_WORDS, STATES, type ClaimState } from '@vouchsafe/verify'
import { VouchsafeError } from '#core/errors'
import { DATA, dataFolder, operatorClient, type Client } from './client.ts'
import { defineCommand, FORMAT, json, requireFormat, type ExitCode } from './command.ts'
import { table, wrap } from './table.ts'

interface VersionOut {
  slug: string
  number: number
  title: string
  status: string
  createdAt: string
  decisions: { kind: string; by: string; at: string }[]
}
interface ClaimLine {
  line: number
  text: string
  strength: string
  controls: string[]
  checks: string[]
  state: ClaimState
  why: string
}

const SUBCOMMANDS = ['list', 'preview', 'show', 'diff', 'correct', 'dry-run', 'approve', 'publish', 'withdraw'] as const

export const policyCommand = defineCommand({
  name: 'policy',
  summary: 'Look at, correct, approve and publish policies.',
  usage: `list
       vouchsafe policy preview
       vouchsafe policy show SLUG [--version N]
       vouchsafe policy diff SLUG [--from N] [--to N]
       vouchsafe policy correct SLUG --line N [--claim yes|no] [--controls A,B] [--strength S] [--scope TEXT] [--checks A,B]
       vouchsafe policy dry-run SLUG [--version N]
       vouchsafe policy approve SLUG --as NAME [--except LINES | --only LINES] [--version N] [--note TEXT]
       vouchsafe policy publish SLUG --as NAME [--version N] [--note TEXT]
       vouchsafe policy withdraw SLUG --as NAME [--version N] [--note TEXT]

  preview          prints a link that shows one browser, once, what is not published

  --version N      default: the newest
  --except LINES   lines (as in "show") that are not offered for checking, such as 4,7,9
  --only LINES     offer these lines alone
  --as NAME        the person who decides; it is on record
  --format         text or json`,
  options: {
    ...FORMAT,
    ...DATA,
    version: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    line: { type: 'string' },
    claim: { type: 'string' },
    controls: { type: 'string' },
    checks: { type: 'string' },
    strength: { type: 'string' },
    scope: { type: 'string' },
    except: { type: 'string' },
    only: { type: 'string' },
    note: { type: 'string' },
    as: { type: 'string' },
  },
  least: 1,
  most: 2,
  async run({ values, words, terminal }): Promise<ExitCode> {
    const [action, slug] = words
    if (!SUBCOMMANDS.includes(action as (typeof SUBCOMMANDS)[number])) throw new VouchsafeError('bad-input', `There is no "policy ${action}".`, { mend: `Use one of: ${SUBCOMMANDS.join(', ')}.` })
    const asJson = requireFormat(values.format, ['text', 'json']) === 'json'
    const client = operatorClient(dataFolder(values.data, terminal), values.as)
    const show = (value: unknown, text: string): 0 => {
      terminal.out(asJson ? json(value) : `${text}\n`)
      return 0
    }
    if (action === 'list') {
      const versions = await listAll(client)
      return show(versions, versions.length === 0 ? 'No policy yet. Import one: vouchsafe import your-security-page.md --save' : table([['POLICY', 'VERSION', 'STATUS', 'TITLE'], ...versions.map((version) => [version.slug, String(version.number), version.status, version.title])]))
    }
    if (action === 'preview') {
      const link = await client.send<{ url: string; until: string }>('POST', '/preview-links')
      return show(link, `${link.url}\nOpen it in a browser on this machine within ten minutes; it works once. What it opens stays open for 12 hours, or until the installation stops.`)
    }
    if (slug === undefined) throw new VouchsafeError('bad-input', `Which policy? vouchsafe policy ${action} SLUG`, { mend: 'See `vouchsafe policy list` for their names.' })
    const number = values.version === undefined ? (await newest(client, slug)).number : wholeNumber('--version', values.version)
    const at = `/policies/${slug}/versions/${number}`
    switch (action) {
      case 'show': {
        const version = await client.get<VersionOut & { lines: { text: string; claim: boolean; controls: string[]; strength: string }[] }>(at)
        const lines = version.lines.map((line, i) => [String(i), line.claim ? '●' : '·', line.claim ? `${line.controls.join(', ') || 'no control'}${line.strength === 'definite' ? '' : ` (${line.strength})`}` : '', wrap(line.text, 90, ' ')])
        return show(version, `${version.title} — ${version.slug}, version ${version.number}, ${version.status}\n\n${table([['LINE', '', 'CONTROLS', 'TEXT'], ...lines])}`)
      }
      case 'diff': {
        const to = values.to === undefined ? number : wholeNumber('--to', values.to)
        const from = values.from === undefined ? Math.max(1, to - 1) : wholeNumber('--from', values.from)
        const { lines } = await client.get<{ lines: { kind: string; before?: string; after?: string; weakened?: boolean }[] }>(`/policies/${slug}/diff?from=${from}&to=${to}`)
        const changed = lines.filter((line) => line.kind !== 'same')
        const text = changed.flatMap((line) => [...(line.before === undefined ? [] : [`- ${line.before}${line.weakened ? '   (weakened)' : ''}`]), ...(line.after === undefined ? [] : [`+ ${line.after}`])])
        return show(lines, text.length === 0 ? `Versions ${from} and ${to} say the same.` : text.join('\n'))
      }
      case 'correct': {
        const list = (text: string | undefined): string[] | undefined => text?.split(',').map((part) => part.trim()).filter(Boolean)
        const body = {
          line: wholeNumber('--line', values.line ?? ''),
          ...(values.claim === undefined ? {} : { claim: values.claim === 'yes' }),
          ...(values.controls === undefined ? {} : { controls: list(values.controls) }),
          ...(values.checks === undefined ? {} : { checks: list(values.checks) }),
          ...(values.strength === undefined ? {} : { strength: values.strength }),
          ...(values.scope === undefined ? {} : { scope: values.scope }),
        }
        const corrected = await client.send<{ line: unknown }>('POST', `${at}/corrections`, body)
        return show(corrected, 'Corrected. It holds for this wording in every later version.')
      }
      case 'dry-run': {
        const { claims } = await client.send<{ claims: ClaimLine[] }>('POST', `${at}/dry-run`)
        const text = claims.map((claim) => `${STATE_SIGNS[claim.state]} ${String(claim.line).padStart(3)}  ${wrap(claim.text, 88, '       ')}\n       ${STATE_WORDS[claim.state]}: ${wrap(claim.why, 84, '       ')}`)
        return show(claims, `${text.join('\n')}\n\n${summary(claims.map((claim) => claim.state))}\nNothing was recorded.`)
      }
      case 'approve': {
        const body = { ...(values.except === undefined ? {} : { except: numbers('--except', values.except) }), ...(values.only === undefined ? {} : { only: numbers('--only', values.only) }), ...(values.note === undefined ? {} : { note: values.note }) }
        const approved = await client.send<VersionOut & { claims: { offered: boolean }[] }>('POST', `${at}/approve`, body)
        const offered = approved.claims.filter((claim) => claim.offered).length
        return show(approved, `Approved by ${values.as}: ${slug}, version ${number}; ${offered} of ${approved.claims.length} claims offered for checking.\nNext: vouchsafe policy publish ${slug} --as "${values.as}"`)
      }
      case 'publish':
      case 'withdraw': {
        const decided = await client.send<VersionOut>('POST', `${at}/${action}`, values.note === undefined ? {} : { note: values.note })
        return show(decided, action === 'publish' ? `Published by ${values.as}: ${slug}, version ${number}.` : `Withdrawn by ${values.as}: ${slug}, version ${number}.`)
      }
      default:
        return 2
    }
  },
})

async function listAll(client: Client): Promise<VersionOut[]> {
  const items: VersionOut[] = []
  for (let next: string | null = ''; next !== null; ) {
    const page: { items: VersionOut[]; next: string | null } = await client.get(`/policies?limit=200${next === '' ? '' : `&cursor=${next}`}`)
    items.push(...page.items)
    next = page.next
  }
  return items
}

async function newest(client: Client, slug: string): Promise<VersionOut> {
  const found = (await listAll(client)).findLast((version) => version.slug === slug)
  if (!found) throw new VouchsafeError('not-found', `There is no policy "${slug}".`, { mend: 'See `vouchsafe policy list`.' })
  return found
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new VouchsafeError('bad-input', `${option} takes a number.`, { mend: `Such as ${option} 3.` })
  return Number(text)
}

const numbers = (option: string, text: string): number[] => text.split(',').map((part) => wholeNumber(option, part.trim()))

/** "31 checked · 2 broken · 3 not backed" */
export function summary(states: readonly string[]): string {
  return STATES.flatMap((state) => { const count = states.filter((other) => other === state).length; return count === 0 ? [] : [`${count} ${STATE_WORDS[state]}`] }).join(' · ')
}
