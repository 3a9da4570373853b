import { z } from 'zod'
import { defineContract } from '#core/module'
import { identity } from '#modules/identity'

const role = z.string().max(64)
const holder = z.strictObject({ role, person: z.uuid().optional(), group: z.uuid().optional() })

/** The words of roles: who may do what, and who decides that. */
export const roles = defineContract({
  id: 'roles',
  title: 'Roles',
  needs: [identity],
  tables: { version: 'changing', role: 'changing', edition: 'append-only', assignment: 'changing' },
  records: {
    role: {
      title: 'Role',
      fields: {
        id: { kind: 'text', title: 'Id' },
        title: { kind: 'text', title: 'Title' },
        sentence: { kind: 'text', title: 'What it is for' },
        rules: { kind: 'json', title: 'Rules' },
        builtIn: { kind: 'boolean', title: 'Built in' },
        version: { kind: 'number', title: 'Version' },
        changedAt: { kind: 'instant', title: 'Changed' },
        changedBy: { kind: 'text', title: 'Changed by' },
      },
    },
    assignment: {
      title: 'Role that somebody holds',
      fields: {
        id: { kind: 'text', title: 'Id' },
        role: { kind: 'text', title: 'Role' },
        person: { kind: 'text', title: 'Person' },
        group: { kind: 'text', title: 'Group' },
        reason: { kind: 'text', title: 'Reason' },
        givenBy: { kind: 'text', title: 'Given by' },
        givenAt: { kind: 'instant', title: 'Given' },
        until: { kind: 'instant', title: 'Until' },
        endedAt: { kind: 'instant', title: 'Ended' },
        endedBy: { kind: 'text', title: 'Ended by' },
      },
    },
    access: { title: 'What people may do', fields: { person: { kind: 'text', title: 'Person' } } },
  },
  permissions: {
    'role.read': 'See roles and their rules',
    'role.change': 'Make, change and delete roles of the organisation’s own',
    'role.give': 'Give roles to people and groups, and take them, as far as one holds their rules oneself',
    'assignment.read': 'See who holds which role, why and until when',
    'access.explain': 'Ask why somebody may do something, or may not',
    'access.simulate': 'See what somebody else sees, as far as one may see it oneself',
    'access.export': 'Export who can do what',
  },
  events: {
    'role.created': z.strictObject({ role }),
    'role.changed': z.strictObject({ role }),
    'role.deleted': z.strictObject({ role }),
    'role.given': holder,
    'role.taken': holder,
  },
})
