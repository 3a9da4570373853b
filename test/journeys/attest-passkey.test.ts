import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canonicalBytes, decodeStatement, fromBase64, parseEnvelope, toBase64, verifyBytes, type ClaimBundle, type KeyChange } from '@vouchsafe/verify'
import { CHROMIUM, type Console, openConsole, type Visitor, violations, visitor } from './console-page.ts'
import { until } from './installation.ts'

const TITLE = 'Head of Infrastructure'
const WORDS = 'I ran the restore drill on Monday and read its log.'

interface OwnKeys {
  keys: { id: string; recipient: string; endedAt?: string; wraps: { id: string; kind: string; file: string }[] }[]
  signing: { keyId: string; role: string; rpId: string }[]
}

// One story: each step stands on the one before.
describe.skipIf(!existsSync(CHROMIUM))('a person and their keys (skipped where /usr/bin/chromium is absent)', { timeout: 120_000 }, () => {
  let place: Console
  let ada: Visitor
  let recoveryKey = ''
  let person = ''
  let claim = { id: '', text: '' }
  /** As the page itself asks. */
  const own = async (): Promise<OwnKeys> => (await ada.page.evaluate(async () => (await fetch('/api/v1/me/keys')).json() as Promise<unknown>)) as OwnKeys
  const account = async (): Promise<void> => {
    await ada.page.goto(`${place.origin}/console/account`)
    await ada.page.getByRole('heading', { name: 'Encryption key' }).waitFor()
  }
  const toast = (text: string): Promise<void> => ada.page.getByText(text).first().waitFor()
  /** What the log says of keys, in its order. */
  const keyChanges = async (): Promise<KeyChange[]> => {
    const { rows } = await place.here.installation.organisation.database.appPool.query<{ envelope: Buffer }>(
      'select envelope from (select envelope, index as at from log.entry union all select envelope, 1000000 + position from log.pending) as leaf where envelope is not null order by at',
    )
    return rows.map(({ envelope }) => decodeStatement(fromBase64(parseEnvelope(envelope).payload))).flatMap((statement) => (statement.kind === 'key-change' ? [statement.predicate] : []))
  }

  beforeAll(async () => {
    place = await openConsole('keys')
    ada = await visitor(place)
  })
  afterAll(async () => {
    await ada?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })

  it('has a key from the first sign-in on, and sees its recovery key once', async () => {
    const { page } = ada
    await page.goto(`${place.origin}/console/set-up`)
    await page.getByLabel('Set-up code').fill(place.here.installation.setUpCode ?? '')
    await page.getByLabel('Your name').fill('Ada Example')
    await page.getByLabel('Your e-mail address').fill('ada@harbour.example')
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByRole('button', { name: 'Make a passkey' }).click()
    recoveryKey = (await page.getByLabel('Recovery key').getByRole('listitem').textContent()) ?? ''
    expect(recoveryKey).toMatch(/^AGE-SECRET-KEY-1[A-Z0-9]{58}$/)
    expect(await violations(page)).toEqual([])
    await page.getByLabel('I have kept them').check()
    await page.getByRole('button', { name: 'Go to the console' }).click()
    await page.getByRole('heading', { name: 'Today' }).waitFor()
    const { keys } = await own()
    expect(keys).toMatchObject([{ recipient: expect.stringMatching(/^age1/), wraps: [{ kind: 'passkey' }, { kind: 'recovery' }] }])
  })

  it('opens it again after a reload, with the passkey or the recovery key, and with nothing else', async () => {
    await account()
    const { page } = ada
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.getByLabel('Recovery key').fill('AGE-SECRET-KEY-1QQQ')
    await page.getByRole('button', { name: 'Open with the recovery key' }).click()
    await page.getByText('This is not the recovery key.').first().waitFor()
    await page.getByLabel('Recovery key').fill(recoveryKey)
    await page.getByRole('button', { name: 'Open with the recovery key' }).click()
    await toast('It opens your key.')
    await page.reload()
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.getByRole('button', { name: /^Open with Passkey|^Open with Security key/ }).click()
    await toast('It opens your key.')
    expect(await violations(page)).toEqual([])
    expect(ada.complaints).toEqual([])
  })

  it.skipIf(spawnSync('age', ['--version']).error !== undefined)('the recovery wrap is an age file that Debian’s age opens (skipped where age is absent)', async () => {
    const { keys } = await own()
    const wrap = keys[0]?.wraps.find(({ kind }) => kind === 'recovery')
    const opened = spawnSync('bash', ['-c', 'age -d -i <(printf %s "$RECOVERY")'], { input: Buffer.from(wrap?.file ?? '', 'base64'), env: { ...process.env, RECOVERY: recoveryKey }, encoding: 'utf8' })
    expect(opened.stderr).toBe('')
    const recipient = spawnSync('age-keygen', ['-y'], { input: `${opened.stdout}\n`, encoding: 'utf8' })
    expect(recipient.stdout.trim()).toBe(keys[0]?.recipient)
  })

  it('adds a passphrase, gets a new recovery key, and the old one opens nothing', async () => {
    await account()
    const { page } = ada
    await page.getByRole('button', { name: 'Add a way to open it' }).click()
    await page.getByRole('button', { name: /^Open with/ }).first().click()
    await page.getByLabel('Passphrase for your key').fill('short')
    await page.getByRole('button', { name: 'Use a passphrase' }).click()
    await page.getByText('The passphrase is too short.').or(page.getByText('at least 12 characters')).first().waitFor()
    await page.getByLabel('Passphrase for your key').fill('quiet heron lantern five')
    await page.getByRole('button', { name: 'Use a passphrase' }).click()
    await toast('Added.')
    await page.getByRole('button', { name: 'New recovery key' }).click()
    await page.getByLabel('Passphrase of your key').fill('quiet heron lantern five')
    await page.getByRole('button', { name: 'Open with the passphrase' }).click()
    const next = (await page.getByLabel('Recovery key', { exact: true }).textContent()) ?? ''
    expect(next).toMatch(/^AGE-SECRET-KEY-1/)
    expect(next).not.toBe(recoveryKey)
    await page.getByLabel('I have kept it').check()
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.getByRole('button', { name: 'Use the recovery key' }).click()
    await page.getByLabel('Recovery key').fill(recoveryKey)
    await page.getByRole('button', { name: 'Open with the recovery key' }).click()
    await page.getByText('This is not the recovery key.').first().waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    expect((await own()).keys[0]?.wraps.map(({ kind }) => kind).sort()).toEqual(['passkey', 'passphrase', 'recovery'])
    recoveryKey = next
  })

  it('replaces the key; the old one stays, wrapped, and the log tells of both under a random id', async () => {
    const before = (await own()).keys[0]?.recipient
    await account()
    const { page } = ada
    await page.getByRole('button', { name: 'Replace the key' }).click()
    await page.getByRole('button', { name: /^Use (Passkey|Security key)/ }).click()
    await page.getByLabel('I have kept it').check()
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByText('One earlier key is kept').waitFor()
    const { keys } = await own()
    expect(keys.map(({ endedAt, wraps }) => [endedAt === undefined, wraps.length])).toEqual([[true, 2], [false, 3]])
    expect(keys[1]?.recipient).toBe(before)
    person = ((await ada.page.evaluate(async () => (await fetch('/api/v1/session')).json() as Promise<unknown>)) as { person: { id: string } }).person.id
    const changes = await keyChanges()
    expect(changes.map(({ action, purpose, holder }) => ({ action, purpose, holder }))).toEqual([{ action: 'added', purpose: 'encryption', holder: person }, { action: 'revoked', purpose: 'encryption', holder: person }, { action: 'added', purpose: 'encryption', holder: person }])
    expect(JSON.stringify(changes)).not.toMatch(/Ada|harbour/)
  })

  it('a passkey signs for them once somebody has entered their title', async () => {
    await account()
    const { page } = ada
    await page.getByRole('button', { name: /^Sign with (Passkey|Security key)/ }).click()
    await page.getByRole('button', { name: 'Sign with it' }).click()
    await page.getByText('You have no title').first().waitFor()
    await page.getByRole('button', { name: 'Leave it' }).click()
    const record = await place.here.operator(`/api/v1/people/${person}`)
    const titled = await place.here.operator(`/api/v1/people/${person}`, { method: 'PATCH', body: { title: TITLE }, headers: { 'if-match': String(record.headers['etag']) } })
    expect(titled.status).toBeLessThan(300)
    await page.getByRole('button', { name: /^Sign with (Passkey|Security key)/ }).click()
    await page.getByRole('button', { name: 'Sign with it' }).click()
    await toast(`It signs as “${TITLE}” from now on.`)
    expect((await own()).signing).toMatchObject([{ role: TITLE, rpId: 'localhost' }])
    expect(await violations(page)).toEqual([])
  })

  it('attests a claim with it, and the page shows that', async () => {
    const { items } = (await place.here.public('/api/v1/claims?limit=200')).json<{ items: { id: string; text: string; state: string; checks?: string[] }[] }>()
    claim = items.find(({ state }) => state === 'unbacked') ?? claim
    expect(claim.id).not.toBe('')
    const { page } = ada
    await page.goto(`${place.origin}/console/attestations`)
    await page.getByRole('button', { name: 'Attest', exact: true }).click()
    await page.getByLabel('Claim').selectOption(claim.id)
    await page.getByLabel('What you know, and how').fill(WORDS)
    await page.getByRole('button', { name: 'Sign with the passkey' }).click()
    await toast('Attested. It is in the public log.')
    await page.getByText(WORDS).first().waitFor()
    expect(await violations(page)).toEqual([])
    await page.goto(`${place.origin}/claims/${claim.id}`)
    expect(await page.locator('main').innerText()).toContain(TITLE)
    expect(ada.complaints).toEqual([])
  })

  it('which a stranger verifies offline, to the last byte of what the passkey signed', async () => {
    const vkey = (await place.here.public('/log/vkey')).text.trim()
    const bundle = await until(async () => {
      const { status, text } = await place.here.operator(`/api/v1/claims/${claim.id}/bundle`)
      return status === 200 && text.includes('clientDataJSON') ? Buffer.from(text) : undefined
    }, 'the attestation in the bundle')
    const options = { at: Date.now(), vkey }
    const report = verifyBytes(canonicalBytes(JSON.parse(bundle.toString('utf8')) as never), options)
    expect(report.steps.filter(({ ok, advisory }) => ok === false && !advisory)).toEqual([])
    expect(report.steps.find(({ name }) => name === 'statements')?.ok).toBe(true)
    for (const member of ['sig', 'authenticatorData', 'clientDataJSON'] as const) {
      const changed = JSON.parse(bundle.toString('utf8')) as ClaimBundle
      const signature = changed.entries.flatMap(({ envelope }) => envelope.signatures).find(({ clientDataJSON }) => clientDataJSON !== undefined) as unknown as Record<string, string>
      const bytes = Uint8Array.from(fromBase64(signature[member] ?? ''))
      bytes[bytes.length - 5] = (bytes[bytes.length - 5] as number) ^ 1
      signature[member] = toBase64(bytes)
      expect(verifyBytes(canonicalBytes(changed as never), options).ok).toBe(false)
    }
  })

  it('and nobody else’s session can bring it in, nor the same words twice', async () => {
    const bundle = (await place.here.operator(`/api/v1/claims/${claim.id}/bundle`)).json<ClaimBundle>()
    const envelope = bundle.entries.map((entry) => entry.envelope).find(({ signatures }) => signatures[0]?.clientDataJSON !== undefined)
    const asOperator = await place.here.operator('/api/v1/attestations', { method: 'POST', body: { envelope } })
    expect([asOperator.status, asOperator.text]).toEqual([403, expect.stringContaining('somebody else')])
    const again = await ada.page.evaluate(async (body) => {
      const { csrf } = (await (await fetch('/api/v1/session')).json()) as { csrf: string }
      const answer = await fetch('/api/v1/attestations', { method: 'POST', headers: { 'content-type': 'application/json', 'vouchsafe-csrf': csrf }, body })
      return { status: answer.status, text: await answer.text() }
    }, JSON.stringify({ envelope }))
    expect(again).toEqual({ status: 409, text: expect.stringContaining('recorded already') })
  })

  it('stops the passkey: it never signs again, and the log says so', async () => {
    await account()
    const { page } = ada
    await page.getByRole('button', { name: /^Stop/ }).click()
    await page.getByRole('button', { name: 'Stop it', exact: true }).last().click()
    await toast('It signs no more.')
    expect((await own()).signing).toEqual([])
    expect((await keyChanges()).at(-1)).toMatchObject({ action: 'revoked', purpose: 'attestation', rpId: 'localhost', holder: person })
    const audit = await until(async () => {
      const run = await place.here.run('log', 'fsck', `${place.origin}/log`, '--allow-private', '--format', 'json')
      return (JSON.parse(run.out) as { size: number }).size > 0 ? run : undefined
    }, 'an audit of the log')
    expect(JSON.parse(audit.out)).toMatchObject({ ok: true, problems: [] })
  })
})
