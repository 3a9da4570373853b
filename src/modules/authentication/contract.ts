import { z } from 'zod'
import { defineContract } from '#core/module'
import { identity } from '#modules/identity'

const id = z.uuid()
const person = z.object({ person: id })

/** How people show that it is them, and what they hold once they have. */
export const authentication = defineContract({
  id: 'authentication',
  title: 'Signing in',
  needs: [identity],
  tables: {
    passkey: 'changing',
    secret_phrase: 'changing',
    totp: 'changing',
    sealing_key: 'changing',
    recovery_code: 'changing',
    session: 'changing',
    ceremony: 'changing',
    reset_link: 'changing',
    attempt: 'changing',
    familiar: 'changing',
    token: 'changing',
    security_setting: 'changing',
  },
  records: {
    session: {
      title: 'Session',
      table: 'authentication.session',
      fields: {
        id: { kind: 'text', title: 'Id' },
        person: { kind: 'text', column: 'person_id', title: 'Person' },
        device: { kind: 'text', title: 'Device' },
        address: { kind: 'text', title: 'Address' },
        factors: { kind: 'texts', title: 'Shown at sign-in' },
        createdAt: { kind: 'instant', column: 'created_at', title: 'Signed in' },
        lastSeenAt: { kind: 'instant', column: 'last_seen_at', title: 'Last used' },
        endsAt: { kind: 'instant', column: 'ends_at', title: 'Ends' },
      },
    },
    token: {
      title: 'API token',
      table: 'authentication.token',
      fields: {
        id: { kind: 'text', title: 'Id' },
        owner: { kind: 'text', column: 'owner_id', title: 'Owner' },
        name: { kind: 'text', title: 'Name' },
        scopes: { kind: 'texts', title: 'Scopes' },
        networks: { kind: 'texts', title: 'Networks' },
        createdAt: { kind: 'instant', column: 'created_at', title: 'Made' },
        createdBy: { kind: 'text', column: 'created_by', title: 'Made by' },
        expiresAt: { kind: 'instant', column: 'expires_at', title: 'Expires' },
        lastUsedAt: { kind: 'instant', column: 'last_used_at', title: 'Last used' },
      },
    },
    credential: {
      title: 'Ways to sign in',
      fields: {
        person: { kind: 'text', title: 'Person' },
        passkeys: { kind: 'json', title: 'Passkeys' },
        password: { kind: 'json', title: 'Password' },
        totp: { kind: 'json', title: 'Authenticator app' },
        recoveryCodes: { kind: 'json', title: 'Recovery codes' },
      },
    },
    'security-setting': {
      title: 'Security settings',
      fields: {
        requireSecondFactor: { kind: 'boolean', title: 'Second factor required' },
        requireSingleSignOn: { kind: 'boolean', title: 'Single sign-on required' },
        breakGlass: { kind: 'texts', title: 'May sign in without single sign-on' },
        networkAllowList: { kind: 'texts', title: 'Networks' },
        idleMinutes: { kind: 'number', title: 'Sessions end unused after (minutes)' },
        absoluteHours: { kind: 'number', title: 'Sessions end at the latest after (hours)' },
        tokenDays: { kind: 'number', title: 'Tokens live at most (days)' },
      },
    },
  },
  permissions: {
    'session.read': 'See where other people are signed in',
    'session.end': 'End the sessions of other people',
    'token.read': 'See the API tokens of other people and of service accounts',
    'token.issue': 'Make API tokens for service accounts',
    'token.revoke': 'Revoke the API tokens of other people and of service accounts',
    'credential.read': 'See which ways to sign in other people have',
    'credential.start-reset': 'Have a link to a new password sent to somebody',
    'credential.re-invite': 'Take away everything that somebody signs in with, and invite them anew',
    'security-setting.read': 'See the security settings',
    'security-setting.change': 'Change the security settings',
  },
  events: {
    'session.begun': z.object({ person: id, session: id, factors: z.array(z.string()) }),
    'session.ended': z.object({ person: id, session: id }),
    'session.stepped-up': z.object({ person: id, session: id, factor: z.string() }),
    'sign-in.refused': z.object({ person: id.optional(), factor: z.string() }),
    'passkey.added': z.object({ person: id, passkey: id }),
    'passkey.removed': z.object({ person: id, passkey: id }),
    'passkey.suspected': z.object({ person: id, passkey: id }),
    'password.changed': person,
    'totp.added': person,
    'totp.removed': person,
    'recovery-codes.made': person,
    'recovery-code.used': z.object({ person: id, left: z.number() }),
    'password-reset.started': z.object({ person: id, by: z.string() }),
    'credentials.removed': person,
    'token.issued': z.object({ owner: id, token: id }),
    'token.revoked': z.object({ owner: id, token: id }),
    'security-setting.changed': z.object({ version: z.number(), names: z.array(z.string()) }),
  },
})
