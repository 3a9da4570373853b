import type { Condition, Rule } from '#core/permission'
import type { Role, RoleId } from './role.ts'

const find = (...records: string[]): Rule[] => records.map((record) => ({ effect: 'allow', verb: 'find', record }))
const read = (record: string, names?: readonly string[], when?: Condition): Rule => ({ effect: 'allow', verb: 'read', record, ...(names ? { names } : {}), ...(when ? { when } : {}) })
const write = (record: string): Rule => ({ effect: 'allow', verb: 'write', record })
const act = (record: string, ...names: string[]): Rule => ({ effect: 'allow', verb: 'act', record, names })
/** To see all of these records, with every field. */
const see = (...records: string[]): Rule[] => records.flatMap((record) => [...find(record), read(record)])

/** What everybody inside may see of the programme that they are part of. */
const PROGRAMME = ['policy', 'claim', 'check', 'run', 'attestation', 'key', 'log', 'witness', 'obligation'] as const
/** How people and programs get in. */
const ENTRANCES = ['credential', 'session', 'token', 'security-setting', 'provider', 'account', 'directory'] as const
/** Where we send to by ourselves. */
const WAYS_OUT = ['webhook', 'delivery', 'mail-setting', 'letter'] as const
// Guarded: of somebody who is only being made there is no id yet, and what cannot be evaluated denies everything.
const own: Condition = { all: [{ has: { field: 'id' } }, { equal: [{ field: 'id' }, { subject: 'id' }] }] }

const responder: readonly Rule[] = [
  ...see(...PROGRAMME, 'evidence', 'installation'),
  { effect: 'allow', verb: 'write', record: 'claim', names: ['owner', 'note'] },
  act('policy', 'read-draft', 'preview'),
  act('check', 'read', 'run'),
  act('evidence', 'read'),
  act('claim', 'read', 'own', 'note'),
  act('log', 'read'),
  act('installation', 'read'),
]

const engineer: readonly Rule[] = [...responder, ...see('settings'), write('policy'), write('claim'), write('check'), act('policy', 'draft'), act('settings', 'read'), act('attestation', 'make'), act('log', 'audit')]

const people: readonly Rule[] = [
  ...see('person', 'group', 'membership', 'invitation', 'role', 'assignment', 'credential', 'session', 'token'),
  write('person'),
  write('group'),
  write('membership'),
  act('person', 'read', 'invite', 'create-service', 'change', 'deactivate', 'reactivate', 'sign-out'),
  act('group', 'read', 'change'),
  act('invitation', 'read', 'revoke'),
  act('credential', 'read', 'start-reset'),
  act('session', 'read', 'end'),
  act('token', 'read', 'revoke'),
  act('role', 'read'),
  act('assignment', 'read'),
]

const auditor: readonly Rule[] = [
  ...see(...PROGRAMME, 'evidence', 'installation', 'settings', 'audit', 'person', 'group', 'membership', 'invitation', 'role', 'assignment', 'access', ...ENTRANCES, ...WAYS_OUT),
  act('policy', 'read-draft', 'preview'),
  act('claim', 'read'),
  act('check', 'read'),
  act('evidence', 'read'),
  act('log', 'read', 'audit'),
  act('installation', 'read'),
  act('settings', 'read'),
  act('audit', 'read'),
  act('person', 'read'),
  act('group', 'read'),
  act('invitation', 'read'),
  act('role', 'read'),
  act('assignment', 'read'),
  act('access', 'explain', 'export'),
  ...[...ENTRANCES, ...WAYS_OUT].filter((record) => record !== 'delivery').map((record) => act(record, 'read')),
]

const employee: readonly Rule[] = [
  // They are here themselves: what is known of them is theirs to see, and nobody else's record is.
  { effect: 'allow', verb: 'find', record: 'person', when: own },
  read('person', ['id', 'kind', 'displayName', 'email', 'title', 'state', 'createdAt'], own),
]

const administrator: readonly Rule[] = unique([
  ...engineer,
  ...people,
  ...auditor,
  ...employee,
  write('settings'),
  write('role'),
  write('assignment'),
  write('attestation'),
  act('policy', 'approve', 'publish'),
  act('settings', 'change'),
  act('role', 'change', 'give'),
  act('access', 'simulate'),
  write('security-setting'),
  write('directory'),
  write('webhook'),
  act('credential', 're-invite'),
  act('token', 'issue'),
  act('security-setting', 'change'),
  // To change a provider is to be able to sign in as everybody, and to lead mail elsewhere is to read every link that is
  // mailed: both are the owners'.
  act('provider', 'test'),
  act('account', 'unlink'),
  act('directory', 'connect', 'disconnect'),
  // Nobody uses it but the tokens of directories, and nobody makes a token for what they do not hold.
  act('scim', 'provision'),
  act('webhook', 'change', 'resend'),
  act('letter', 'retry', 'drop'),
])

const owner: readonly Rule[] = [
  { effect: 'allow', verb: 'find', record: '*' },
  { effect: 'allow', verb: 'read', record: '*' },
  { effect: 'allow', verb: 'write', record: '*' },
  { effect: 'allow', verb: 'act', record: '*' },
]

const role = (id: string, title: string, sentence: string, rules: readonly Rule[]): Role => ({ id: id as RoleId, title, sentence, rules: unique(rules), builtIn: true, version: 1 })

export const OWNER = 'owner' as RoleId
/** Held by everybody who is active, without being given: the floor under every other role. */
export const EMPLOYEE = 'employee' as RoleId

/**
 * The roles that every installation has. None of them denies anything: a denial would also take away what another role
 * of the same person gives. Whoever needs a narrower role makes one.
 */
export const BUILT_IN: readonly Role[] = [
  role('owner', 'Owner', 'Holds everything, for now and for what is yet to come; given to persons only, and never to the last one less.', owner),
  role('administrator', 'Administrator', 'Runs the programme: publishes policies, changes settings, and gives every role but owner.', administrator),
  role('engineer', 'Engineer', 'Keeps policies and checks: drafts and corrects, runs checks, reads their evidence, answers for what is broken.', engineer),
  role('responder', 'Responder', 'Answers for what is broken: reads and runs checks, reads their evidence, puts notes on claims.', responder),
  role('people', 'People', 'Lets people in and out, and keeps groups; reads who holds which role, and gives none.', people),
  role('auditor', 'Auditor', 'Reads everything that shows how the programme is run, evidence and audit trail included, and changes nothing.', auditor),
  role('employee', 'Employee', 'What everybody holds who is active here: seeing their own record.', employee),
]

const byId = new Map(BUILT_IN.map((one) => [one.id as string, one]))
export const builtIn = (id: string): Role | undefined => byId.get(id)

function unique(rules: readonly Rule[]): readonly Rule[] {
  const known = new Map(rules.map((rule) => [JSON.stringify(rule), rule]))
  const sameAct = new Map<string, Rule>()
  for (const rule of known.values()) {
    if (rule.verb !== 'act' || rule.names === undefined || rule.when !== undefined) continue
    const before = sameAct.get(rule.record)
    sameAct.set(rule.record, before === undefined ? rule : { ...before, names: [...new Set([...(before.names ?? []), ...rule.names])] })
  }
  return [...[...known.values()].filter((rule) => rule.verb !== 'act' || rule.names === undefined || rule.when !== undefined), ...sameAct.values()]
}
