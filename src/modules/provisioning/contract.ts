import { z } from 'zod'
import { defineContract } from '#core/module'
import { authentication } from '#modules/authentication'
import { identity } from '#modules/identity'

const id = z.uuid()

/** The words of provisioning: directories elsewhere that keep people and groups here. */
export const provisioning = defineContract({
  id: 'provisioning',
  title: 'Provisioning',
  needs: [identity, authentication],
  tables: { directory: 'changing', account: 'changing', circle: 'changing', member: 'changing', refusal: 'changing' },
  records: {
    /** What the tokens of directories are for; no records of ours are of this type. */
    scim: { title: 'SCIM requests', fields: {} },
    directory: {
      title: 'Directory that provisions people',
      table: 'provisioning.directory',
      fields: {
        id: { kind: 'text', title: 'Id' },
        title: { kind: 'text', title: 'Title' },
        managedBy: { kind: 'text', column: 'managed_by', title: 'Marks its people with' },
        serviceAccount: { kind: 'text', column: 'service_account', title: 'Service account' },
        adoptsInvited: { kind: 'boolean', column: 'adopts_invited', title: 'Takes over invited people' },
        createdAt: { kind: 'instant', column: 'created_at', title: 'Connected' },
        createdBy: { kind: 'text', column: 'created_by', title: 'Connected by' },
        endedAt: { kind: 'instant', column: 'ended_at', title: 'Disconnected' },
        lastRequestAt: { kind: 'instant', column: 'last_request_at', title: 'Last request' },
        lastChangeAt: { kind: 'instant', column: 'last_change_at', title: 'Last change' },
        people: { kind: 'number', title: 'People' },
        activePeople: { kind: 'number', title: 'Active people' },
        groups: { kind: 'number', title: 'Groups' },
        tokens: { kind: 'json', title: 'Tokens' },
        refusals: { kind: 'json', title: 'Refused requests' },
      },
    },
  },
  permissions: {
    'directory.read': 'See which directories provision people, and how they fare',
    'directory.connect': 'Connect directories, change them and make tokens for them',
    'directory.disconnect': 'Revoke tokens of directories, and disconnect directories',
    'scim.provision': 'Provision people and groups over SCIM: for the tokens of directories alone',
  },
  events: {
    'directory.connected': z.strictObject({ directory: id }),
    'directory.changed': z.strictObject({ directory: id }),
    'directory.disconnected': z.strictObject({ directory: id }),
    'account.provisioned': z.strictObject({ directory: id, person: id, adopted: z.boolean() }),
    'account.changed': z.strictObject({ directory: id, person: id, fields: z.array(z.string()) }),
    'account.removed': z.strictObject({ directory: id, person: id }),
    'circle.provisioned': z.strictObject({ directory: id, group: id }),
    'circle.changed': z.strictObject({ directory: id, group: id, added: z.number(), removed: z.number() }),
    'circle.removed': z.strictObject({ directory: id, group: id }),
  },
})
