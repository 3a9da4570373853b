import { z } from 'zod'
import { defineContract } from '#core/module'

const person = z.uuid()
const group = z.uuid()
// Payloads hold ids only: names and addresses are read, by whoever may, from the record itself.
const about = z.strictObject({ person })

/** The words of identity: who there is, in which groups, and how they come and go. */
export const identity = defineContract({
  id: 'identity',
  title: 'People and groups',
  needs: [],
  tables: { person: 'changing', group: 'changing', membership: 'changing', invitation: 'changing', set_up: 'changing', first_owner: 'append-only' },
  records: {
    person: {
      title: 'Person or service account',
      table: 'identity.person',
      fields: {
        id: { kind: 'text', title: 'Id' },
        kind: { kind: 'text', title: 'Kind' },
        displayName: { kind: 'text', column: 'display_name', title: 'Name' },
        email: { kind: 'text', title: 'E-mail address' },
        title: { kind: 'text', title: 'Title' },
        state: { kind: 'text', title: 'State' },
        managedBy: { kind: 'text', column: 'managed_by', title: 'Managed by' },
        externalId: { kind: 'text', column: 'external_id', title: 'Id at the provider' },
        createdAt: { kind: 'instant', column: 'created_at', title: 'Created' },
        changedAt: { kind: 'instant', column: 'changed_at', title: 'Changed' },
        deactivatedAt: { kind: 'instant', column: 'deactivated_at', title: 'Deactivated' },
        deactivatedWhy: { kind: 'text', column: 'deactivated_why', title: 'Why deactivated' },
      },
    },
    group: {
      title: 'Group',
      table: 'identity.group',
      fields: {
        id: { kind: 'text', title: 'Id' },
        name: { kind: 'text', title: 'Name' },
        description: { kind: 'text', title: 'Description' },
        managedBy: { kind: 'text', column: 'managed_by', title: 'Managed by' },
        externalId: { kind: 'text', column: 'external_id', title: 'Id at the provider' },
        createdAt: { kind: 'instant', column: 'created_at', title: 'Created' },
        changedAt: { kind: 'instant', column: 'changed_at', title: 'Changed' },
      },
    },
    membership: {
      title: 'Membership of a group',
      under: 'group',
      table: 'identity.membership',
      fields: {
        group: { kind: 'text', column: 'group_id', title: 'Group' },
        person: { kind: 'text', column: 'person_id', title: 'Person' },
        managedBy: { kind: 'text', column: 'managed_by', title: 'Managed by' },
        since: { kind: 'instant', title: 'Since' },
      },
      key: ['group', 'person'],
    },
    invitation: {
      title: 'Invitation',
      table: 'identity.invitation',
      fields: {
        id: { kind: 'text', title: 'Id' },
        person: { kind: 'text', column: 'person_id', title: 'Person' },
        madeBy: { kind: 'text', column: 'made_by', title: 'Made by' },
        madeAt: { kind: 'instant', column: 'made_at', title: 'Made' },
        expiresAt: { kind: 'instant', column: 'expires_at', title: 'Expires' },
        endedAt: { kind: 'instant', column: 'ended_at', title: 'Ended' },
        endedHow: { kind: 'text', column: 'ended_how', title: 'How it ended' },
      },
    },
  },
  permissions: {
    'person.read': 'See the people and service accounts of the organisation',
    'person.invite': 'Invite people',
    'person.create-service': 'Create service accounts',
    'person.change': 'Change names, addresses and titles of people',
    'person.deactivate': 'Deactivate people and service accounts: everything they hold ends at once',
    'person.reactivate': 'Let deactivated people and service accounts in again',
    'person.sign-out': 'End all sessions and tokens of somebody',
    'person.set-up': 'Make a new set-up code, while there is no owner yet',
    'group.read': 'See groups and who is in them',
    'group.change': 'Create, change and delete groups, and change who is in them',
    'invitation.read': 'See invitations',
    'invitation.revoke': 'Send invitations again, and revoke them',
  },
  events: {
    'person.created': z.strictObject({ person, kind: z.enum(['person', 'service']), state: z.enum(['invited', 'active']) }),
    /** They have shown a first credential of theirs. */
    'person.activated': about,
    'person.changed': z.strictObject({ person, fields: z.array(z.string()) }),
    /** Whatever they hold ends in the same transaction. */
    'person.deactivated': z.strictObject({ person, way: z.enum(['console', 'api', 'scim', 'cli', 'leaving']) }),
    'person.reactivated': about,
    /** Sessions and tokens of an older epoch are dead. */
    'person.signed-out': about,
    'group.created': z.strictObject({ group }),
    'group.changed': z.strictObject({ group, fields: z.array(z.string()) }),
    'group.deleted': z.strictObject({ group }),
    /** At most 1,000 persons each; a larger change is told in several. */
    'membership.changed': z.strictObject({ group, added: z.array(person).max(1000), removed: z.array(person).max(1000) }),
    'invitation.made': z.strictObject({ invitation: z.uuid(), person }),
    'invitation.revoked': z.strictObject({ invitation: z.uuid(), person }),
    'invitation.accepted': z.strictObject({ invitation: z.uuid(), person }),
    'owner.first': about,
  },
})
