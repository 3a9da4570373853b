import { z } from 'zod'
import { VouchsafeError } from '#core/errors'
import type { Actor, Change, OrganisationDatabase } from '#core/database'
import type { PageTables } from './store.ts'

const host = z.string().regex(/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?(:\d{1,5})?$/i, 'a host name, with a port if it is not 443')

/** Pages stand at the root of a host. It is printed into commands that readers copy, so nothing but scheme, host and port is taken. */
function isOrigin(text: string): boolean {
  return /^https?:\/\/[a-z0-9.:[\]-]+\/*$/i.test(text) && URL.canParse(text)
}

/** What the operator tells the installation about itself. Every member is optional; what is not set shows as not known. */
export const Settings = z.strictObject({
  /** How the page calls the organisation. */
  name: z.string().trim().min(1).max(100).regex(/^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$/, 'one line of text').optional(),
  publicUrl: z.string().refine(isOrigin, 'an http or https address without a path, such as https://security.example.com').transform((url) => new URL(url).origin).optional(),
  /** The hosts that the domain checks cover. */
  hosts: z.array(host).max(100).optional(),
  /** For security.txt (RFC 9116): `mailto:`, `https:` or `tel:`. */
  contacts: z.array(z.string().regex(/^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+|tel:\+?[0-9-]+)$/, 'mailto:, https:// or tel:')).max(10).optional(),
  securityTxtExpires: z.iso.datetime().optional(),
  accent: z.string().regex(/^#[0-9a-f]{6}$/i, 'a colour like #0c6b5b').optional(),
  /** As core/obligation reads it: time zone, working days, hours, holidays. */
  calendar: z.record(z.string(), z.unknown()).optional(),
  /** An RFC 3161 authority that stamps a checkpoint once a day, and the certificate (PEM) that its tokens are pinned to. */
  timestampUrl: z.url({ protocol: /^https?$/ }).optional(),
  timestampCertificate: z.string().startsWith('-----BEGIN CERTIFICATE-----').max(20_000).optional(),
  /** Whether the public may read the names of targets beside results. */
  showTargets: z.boolean().optional(),
  /** How long details of a new failure are held back, at most 72 hours. The state never is. */
  holdBackHours: z.number().int().min(0).max(72).optional(),
})
export type Settings = z.infer<typeof Settings>
export type SettingName = keyof Settings

export async function readSettings(db: OrganisationDatabase): Promise<Settings> {
  const rows = await db.app.withTables<PageTables>().selectFrom('page.setting').selectAll().execute()
  return Settings.parse(Object.fromEntries(rows.map((row) => [row.name, row.value])))
}

/** @throws VouchsafeError `bad-input` naming the setting and what it should look like */
export async function changeSettings(db: OrganisationDatabase, actor: Actor, change: Record<string, unknown>): Promise<Settings> {
  const parsed = Settings.safeParse(change)
  if (!parsed.success) {
    throw new VouchsafeError('bad-input', `A setting cannot be taken: ${parsed.error.issues.map((issue) => `${issue.path.join('.') || 'settings'}: ${issue.message}`).join('; ')}.`, {
      mend: `Known settings: ${Object.keys(Settings.shape).join(', ')}.`,
      fields: parsed.error.issues.map((issue) => ({ pointer: `/${issue.path.join('/')}`, message: issue.message })),
    })
  }
  const entries = Object.entries(parsed.data).filter(([, value]) => value !== undefined)
  await db.change({ actor, action: 'settings.change', subject: { kind: 'settings', id: 'organisation' }, detail: { names: entries.map(([name]) => name) } }, async (tx: Change<PageTables>) => {
    for (const [name, value] of entries) {
      const json = JSON.stringify(value) as never
      await tx.db
        .insertInto('page.setting')
        .values({ name, value: json, changed_at: tx.at })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: json, changed_at: tx.at }))
        .execute()
    }
  })
  return readSettings(db)
}
