import { generateKeyPairSync } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { parseDeclaredChecks } from '#core/check'
import { startAws } from '../servers/aws.ts'
import type { AwsAccount } from '../servers/aws.ts'
import { startGithub } from '../servers/github.ts'
import type { GithubOptions, GithubOrganisation } from '../servers/github.ts'
import { startGoogle } from '../servers/google.ts'
import type { TestServer } from '../servers/listen.ts'
import { startOkta } from '../servers/okta.ts'
import type { OktaOptions, OktaPolicy } from '../servers/okta.ts'
import { read, recipeFolder, runRecipe } from './recipe.ts'

const open: TestServer[] = []
const started = async <S extends TestServer>(starting: Promise<S>): Promise<S> => {
  const server = await starting
  open.push(server)
  return server
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})
const rsa = (): { publicKey: string; privateKey: string } => generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })

describe('the recipes', () => {
  it.each(readdirSync(recipeFolder).filter((file) => file.endsWith('.yaml')))('%s is a valid declaration', (file) => {
    expect(parseDeclaredChecks(read(file), { file }).length).toBeGreaterThan(0)
  })
})

describe('GitHub', () => {
  const TOKEN = 'ghp_ownerToken0123456789'
  const good: GithubOrganisation = {
    login: 'acme',
    twoFactorRequired: true,
    defaultPermission: 'read',
    repositories: [
      ...Array.from({ length: 7 }, (_, i) => ({ name: `service-${i}`, topics: ['production', 'go'], protection: { reviews: 1, admins: true } })),
      { name: 'playground', topics: [] },
      { name: 'old', topics: ['production'], archived: true },
      { name: 'release.tools', topics: ['production'], branch: 'release/2.x', protection: { reviews: 2, admins: true } },
    ],
  }
  const run = async (file: string, id: string, organisation: GithubOrganisation, options: Partial<GithubOptions> = {}, token = TOKEN) => {
    const server = await started(startGithub({ organisation, tokens: { [TOKEN]: { owner: true, readsAdministration: true }, ghp_member_only: { owner: false, readsAdministration: false } }, perPage: 3, ...options }))
    return { server, ...(await runRecipe(file, id, { api: server.url, organisation: 'acme' }, { github_token: token })) }
  }
  const organisation = 'github-organisation.yaml'
  const protection = 'github-branch-protection.yaml'

  it('a good organisation holds in all three checks', async () => {
    expect((await run(organisation, 'github/two-factor', good)).verdict).toBe('holds')
    expect((await run(organisation, 'github/default-permission', good)).verdict).toBe('holds')
    expect((await run(protection, 'github/branch-protection', good)).verdict).toBe('holds')
  })

  it('an organisation without required two-factor or with write by default fails', async () => {
    const bad = { ...good, twoFactorRequired: false, defaultPermission: 'write' } as const
    expect(await run(organisation, 'github/two-factor', bad)).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('not required') as string })
    expect((await run(organisation, 'github/default-permission', bad)).verdict).toBe('fails')
  })

  it('a token that may not see the setting makes it unknown, not false', async () => {
    const result = await run(organisation, 'github/two-factor', { ...good, twoFactorRequired: false }, {}, 'ghp_member_only')
    expect(result).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('is not there') as string })
  })

  it('a refused token is unknown, says what to mend, and is shown nowhere', async () => {
    const result = await run(organisation, 'github/two-factor', good, {}, 'ghp_revokedToken987654321')
    expect(result).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('credentials are current') as string })
    expect(JSON.stringify(result)).not.toContain('revokedToken')
  })

  it('all pages are read: every production repository is a target, archived and others are not', async () => {
    const result = await run(protection, 'github/branch-protection', good)
    expect(result.targets.map(({ target }) => target)).toEqual([...Array.from({ length: 7 }, (_, i) => `acme/service-${i}`), 'acme/release.tools'].sort())
    expect(result.server.seen.filter((line) => line.endsWith('/repos')).length).toBe(4)
  })

  it.each([
    ['no protection at all', undefined, 'not protected'],
    ['no reviews', { admins: true }, 'no approving review'],
    ['reviews by nobody', { reviews: 0, admins: true }, 'no approving review'],
    ['administrators let through', { reviews: 1, admins: false }, 'administrators may bypass'],
  ])('one repository on the last page with %s fails, and only that one', async (_name, broken, words) => {
    const { protection: _unused, ...bare } = good.repositories.at(-1) as GithubOrganisation['repositories'][number]
    const result = await run(protection, 'github/branch-protection', { ...good, repositories: [...good.repositories.slice(0, -1), { ...bare, ...(broken && { protection: broken }) }] })
    expect(result.verdict).toBe('fails')
    expect(result.targets.filter(({ verdict }) => verdict === 'fails')).toEqual([{ target: 'acme/release.tools', verdict: 'fails', summary: expect.stringContaining(words) as string }])
  })

  it('a protection that may not be read is unknown: GitHub answers it with 404 as well', async () => {
    const result = await run(protection, 'github/branch-protection', good, { tokens: { [TOKEN]: { owner: true, readsAdministration: false } } })
    expect(result.targets.map(({ verdict }) => verdict)).toEqual(Array(8).fill('unknown'))
  })

  it('rate limits are waited for, as long as GitHub says', async () => {
    const result = await run(organisation, 'github/two-factor', good, { limitFirst: 2 })
    expect(result.verdict).toBe('holds')
    expect(result.waits.length).toBe(2)
    expect(result.waits[0]).toBe(1000)
    expect(result.waits[1]).toBeGreaterThan(20_000)
  })

  it('a rate limit that does not end is unknown', async () => {
    expect(await run(organisation, 'github/two-factor', good, { limitFirst: 100 })).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('too many calls') as string })
  })

  it('a GitHub App signs in with its own key, and a wrong key or installation does not', async () => {
    const keys = rsa()
    const server = await started(startGithub({ organisation: good, app: { id: '123456', installation: '7890', publicKey: keys.publicKey } }))
    const asApp = (text: string): string => text.replace('secrets: [github_token]', 'secrets: [github_app_key]').replace(/ {2}bearer: .*\n/, '').replaceAll(/^ {2}# ( *\w+:.*)$/gm, '  $1').replace(/privateKey: (.*)$/m, 'privateKey: $1\n    api: ${settings.api}')
    const settings = { api: server.url, organisation: 'acme' }
    expect((await runRecipe(organisation, 'github/two-factor', settings, { github_app_key: keys.privateKey }, asApp)).verdict).toBe('holds')
    const wrong = await runRecipe(organisation, 'github/two-factor', settings, { github_app_key: rsa().privateKey }, asApp)
    expect(wrong).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('gave no token (401') as string })
    const elsewhere = await runRecipe(organisation, 'github/two-factor', settings, { github_app_key: keys.privateKey }, (text) => asApp(text).replace('7890', '1'))
    expect(elsewhere.verdict).toBe('unknown')
  })
})

describe('AWS', () => {
  const keys = { aws_access_key_id: 'AKIDEXAMPLE', aws_secret_access_key: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
  const good: AwsAccount = {
    rootMfa: true,
    rootAccessKeys: 0,
    passwordPolicy: { minimumLength: 14, reusePrevention: 24 },
    trails: [{ name: 'all', multiRegion: true, logging: true, validation: true }, { name: 'local', multiRegion: false, logging: false, validation: false }],
    users: ['ann', 'bob', 'ci', 'dan', 'eve'].map((name) => ({ name, password: name !== 'ci', mfa: name !== 'ci' })),
  }
  const file = 'aws-account.yaml'
  const run = async (id: string, account: AwsAccount, options: { limitFirst?: number; secrets?: Record<string, string> } = {}) => {
    const server = await started(startAws({ account, accessKeyId: keys.aws_access_key_id, secretAccessKey: keys.aws_secret_access_key, ...(options.limitFirst !== undefined && { limitFirst: options.limitFirst }) }))
    return { server, ...(await runRecipe(file, id, { iam: server.url, cloudtrail: server.url }, options.secrets ?? keys)) }
  }

  it.each(['aws/root-user', 'aws/password-policy', 'aws/user-second-factor', 'aws/trail', 'aws/trail-logging'])('a good account holds in %s', async (id) => {
    expect(await run(id, good)).toMatchObject({ verdict: 'holds' })
  })

  it.each<[string, string, Partial<AwsAccount>, string]>([
    ['aws/root-user', 'a root user without a second factor', { rootMfa: false }, 'no second factor'],
    ['aws/root-user', 'a root user with access keys', { rootAccessKeys: 1 }, 'has access keys'],
    ['aws/password-policy', 'short passwords', { passwordPolicy: { minimumLength: 8, reusePrevention: 24 } }, 'shorter than 14'],
    ['aws/password-policy', 'reused passwords', { passwordPolicy: { minimumLength: 14 } }, 'used again'],
    ['aws/trail', 'no trail for all regions', { trails: [{ name: 'local', multiRegion: false, logging: true, validation: true }] }, 'no trail covers'],
    ['aws/trail', 'no trail', { trails: [] }, 'no trail covers'],
    ['aws/trail-logging', 'a trail that is switched off', { trails: [{ name: 'all', multiRegion: true, logging: false, validation: true }] }, 'switched off'],
  ])('%s fails for %s', async (id, _name, fault, words) => {
    expect(await run(id, { ...good, ...fault })).toMatchObject({ verdict: 'fails', summary: expect.stringContaining(words) as string })
  })

  it('an account without a password policy fails, by the error that IAM names', async () => {
    const { passwordPolicy: _none, ...bare } = good
    expect((await run('aws/password-policy', bare)).verdict).toBe('fails')
  })

  it('users are read page by page by their marker, and one without a factor on the last page fails alone', async () => {
    const result = await run('aws/user-second-factor', { ...good, users: good.users.map((user) => (user.name === 'eve' ? { ...user, mfa: false } : user)) })
    expect(result.targets.map(({ target, verdict }) => [target, verdict])).toEqual([['ann', 'holds'], ['bob', 'holds'], ['ci', 'holds'], ['dan', 'holds'], ['eve', 'fails']])
    expect(result.targets[2]?.summary).toContain('no password')
  })

  it('a wrong secret key is unknown: the signature is really verified', async () => {
    const secrets = { ...keys, aws_secret_access_key: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYWRONGKEY00' }
    const result = await run('aws/root-user', { ...good, rootMfa: false }, { secrets })
    expect(result.verdict).toBe('unknown')
    expect(JSON.stringify(result)).not.toContain('WRONGKEY')
  })

  it('a busy service is asked again', async () => {
    expect((await run('aws/trail', good, { limitFirst: 2 })).waits).toEqual([1000, 1000])
  })
})

describe('Okta', () => {
  const keys = rsa()
  const service = { clientId: '0oaClient', keyId: 'kid-9', publicKey: keys.publicKey, scopes: ['okta.policies.read'] }
  const allow = (name: string, requireFactor = true) => ({ name, active: true, access: 'ALLOW' as const, requireFactor })
  const good: OktaPolicy[] = [
    { id: 'p1', name: 'Staff', active: true, rules: [allow('Everywhere'), { name: 'Off', active: false, access: 'ALLOW', requireFactor: false }] },
    { id: 'p2', name: 'Contractors', active: true, rules: [{ name: 'Nobody', active: true, access: 'DENY', requireFactor: false }] },
    { id: 'p3', name: 'Retired', active: false, rules: [allow('Old', false)] },
    { id: 'p4', name: 'Another', active: true, rules: [allow('A')] },
    { id: 'p5', name: 'Default Policy', active: true, rules: [allow('Default Rule')] },
  ]
  const run = async (policies: OktaPolicy[], options: Partial<OktaOptions> = {}, privateKey = keys.privateKey) => {
    const server = await started(startOkta({ policies, service, ...options }))
    return runRecipe('okta-sign-on.yaml', 'okta/second-factor', { okta: server.url, clientId: '0oaClient', keyId: 'kid-9' }, { okta_private_key: privateKey })
  }

  it('policies that always ask for a factor hold, over all pages, inactive ones apart', async () => {
    const result = await run(good)
    expect(result.verdict).toBe('holds')
    expect(result.targets.map(({ target }) => target)).toEqual(['Another', 'Contractors', 'Default Policy', 'Staff'])
  })

  it('one rule of the default policy without a factor fails', async () => {
    const result = await run(good.map((policy) => (policy.id === 'p5' ? { ...policy, rules: [allow('Default Rule', false)] } : policy)))
    expect(result.targets.filter(({ verdict }) => verdict === 'fails').map(({ target }) => target)).toEqual(['Default Policy'])
    expect(result.summary).toContain('Default Rule')
  })

  it('a key that Okta does not know, and a scope that was not granted, are unknown', async () => {
    expect(await run(good, {}, rsa().privateKey)).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('invalid_client') as string })
    expect(await run(good, { service: { ...service, scopes: ['okta.users.read'] } })).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('invalid_scope') as string })
  })

  it('a rate limit by x-rate-limit-reset is waited for', async () => {
    const result = await run(good, { limitFirst: 1 })
    expect(result.verdict).toBe('holds')
    expect(result.waits.length).toBe(1)
    expect(result.waits[0]).toBeGreaterThan(20_000)
  })
})

describe('Google Workspace', () => {
  const keys = rsa()
  const account = { email: 'auditor@project.iam.gserviceaccount.com', keyId: 'k1', publicKey: keys.publicKey, scopes: ['https://www.googleapis.com/auth/admin.directory.user.readonly'], mayActAs: 'admin@acme.example' }
  const keyFile = (privateKey = keys.privateKey): string => JSON.stringify({ type: 'service_account', client_email: account.email, private_key_id: 'k1', private_key: privateKey })
  const good = ['ann', 'bob', 'cat', 'dan', 'eve'].map((name) => ({ email: `${name}@acme.example`, enforced: true, enrolled: true }))
  const run = async (users: Parameters<typeof startGoogle>[0]['users'], options: { key?: string; administrator?: string } = {}) => {
    const server = await started(startGoogle({ users, account }))
    return runRecipe('google-workspace.yaml', 'google/two-step', { directory: server.url, tokenUrl: `${server.url}/token`, administrator: options.administrator ?? 'admin@acme.example' }, { google_service_account: options.key ?? keyFile() })
  }

  it('two-step enforced for all who can sign in holds; the suspended do not count', async () => {
    expect((await run([...good, { email: 'gone@acme.example', enforced: false, enrolled: false, suspended: true }])).verdict).toBe('holds')
  })

  it('one on the last page for whom it is not enforced fails, enrolled or not', async () => {
    expect(await run([...good, { email: 'zoe@acme.example', enforced: false, enrolled: true }])).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('zoe@acme.example') as string })
  })

  it('a wrong key, or an administrator who was not delegated, is unknown and shows no key', async () => {
    const wrong = await run(good, { key: keyFile(rsa().privateKey) })
    expect(wrong).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('invalid_grant') as string })
    expect(JSON.stringify(wrong)).not.toContain('PRIVATE KEY')
    expect(await run(good, { administrator: 'other@acme.example' })).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('unauthorized_client') as string })
  })
})
