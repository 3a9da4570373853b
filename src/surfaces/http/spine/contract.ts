import { defineContract } from '#core/module'
import { Settings } from '#core/page'
import type { Field } from '#core/permission'

/** Each setting is a field of its own: somebody may change the calendar and not the public address. */
const SETTING_FIELDS: Readonly<Record<string, Field>> = Object.fromEntries(Object.keys(Settings.shape).map((name) => [name, { kind: 'json', title: name }]))

/** The words of the spine itself: what may be permitted on policies, claims, checks, statements and the log. */
export const spine = defineContract({
  id: 'spine',
  title: 'The spine',
  needs: [],
  tables: {},
  records: {
    policy: {
      title: 'Policy version',
      key: ['slug', 'number'],
      fields: {
        slug: { kind: 'text', title: 'Short name' },
        number: { kind: 'number', title: 'Version' },
        title: { kind: 'text', title: 'Title' },
        digest: { kind: 'text', title: 'Digest of the text' },
        status: { kind: 'text', title: 'Status' },
        createdBy: { kind: 'text', title: 'Brought in by' },
        createdAt: { kind: 'instant', title: 'Brought in' },
        decisions: { kind: 'json', title: 'Decisions' },
        lines: { kind: 'json', title: 'Text, line by line' },
        claims: { kind: 'json', title: 'Claims of the draft' },
      },
    },
    preview: { title: 'Pages that are not published', fields: {} },
    claim: {
      title: 'Claim on the page',
      fields: {
        id: { kind: 'text', title: 'Id' },
        text: { kind: 'text', title: 'Sentence' },
        controls: { kind: 'texts', title: 'Controls' },
        state: { kind: 'text', title: 'State' },
        note: { kind: 'json', title: 'Public note' },
      },
    },
    check: {
      title: 'Check',
      fields: {
        id: { kind: 'text', title: 'Id' },
        title: { kind: 'text', title: 'Title' },
        controls: { kind: 'texts', title: 'Controls' },
        kind: { kind: 'text', title: 'Kind' },
      },
    },
    run: {
      title: 'Run of a check',
      key: ['run', 'check'],
      fields: {
        run: { kind: 'text', title: 'Id' },
        check: { kind: 'text', title: 'Check' },
        control: { kind: 'text', title: 'Control' },
        verdict: { kind: 'text', title: 'Verdict' },
        summary: { kind: 'text', title: 'Summary' },
        observedAt: { kind: 'instant', title: 'Observed' },
        attempts: { kind: 'number', title: 'Attempts' },
        definition: { kind: 'text', title: 'Digest of the definition' },
        declared: { kind: 'number', title: 'Targets declared' },
        targets: { kind: 'json', title: 'Targets, each with its verdict' },
      },
    },
    evidence: { title: 'Evidence behind a run', key: ['run', 'check'], fields: { run: { kind: 'text', title: 'Run' }, check: { kind: 'text', title: 'Check' }, body: { kind: 'json', title: 'What was observed' } } },
    attestation: {
      title: 'Attestation',
      key: ['digest'],
      fields: {
        digest: { kind: 'text', title: 'Digest' },
        claim: { kind: 'text', title: 'Claim' },
        control: { kind: 'text', title: 'Control' },
        role: { kind: 'text', title: 'Role of whoever attests' },
        statement: { kind: 'text', title: 'Statement' },
        until: { kind: 'instant', title: 'Until' },
      },
    },
    key: { title: 'Key that counts', key: ['keyId'], fields: { keyId: { kind: 'text', title: 'Id' }, purpose: { kind: 'text', title: 'Purpose' }, holder: { kind: 'text', title: 'Holder' }, role: { kind: 'text', title: 'Role' } } },
    log: { title: 'The log', key: ['origin'], fields: { origin: { kind: 'text', title: 'Origin' } } },
    witness: { title: 'Witness of the log', key: ['name'], fields: { name: { kind: 'text', title: 'Name' }, url: { kind: 'text', title: 'Address' }, operator: { kind: 'text', title: 'Whose' } } },
    obligation: {
      title: 'Promise with a clock',
      fields: {
        id: { kind: 'text', title: 'Id' },
        obligation: { kind: 'text', title: 'Promise' },
        subject: { kind: 'text', title: 'About' },
        state: { kind: 'text', title: 'State' },
        startedAt: { kind: 'instant', title: 'Started' },
        dueAt: { kind: 'instant', title: 'Due' },
        text: { kind: 'text', title: 'In words' },
      },
    },
    settings: { title: 'Settings of the organisation', key: [], fields: SETTING_FIELDS },
    audit: {
      title: 'Audit event',
      table: 'audit.event',
      fields: {
        id: { kind: 'text', title: 'Id' },
        at: { kind: 'instant', title: 'When' },
        actorKind: { kind: 'text', column: 'actor_kind', title: 'Kind of actor' },
        actor: { kind: 'text', column: 'actor_name', title: 'Who' },
        action: { kind: 'text', title: 'What' },
        subjectKind: { kind: 'text', column: 'subject_kind', title: 'Kind of subject' },
        subject: { kind: 'text', column: 'subject_id', title: 'To what' },
        detail: { kind: 'json', title: 'Detail' },
        requestId: { kind: 'text', column: 'request_id', title: 'Request' },
      },
    },
    installation: { title: 'The installation', key: ['name'], fields: { name: { kind: 'text', title: 'What' }, ok: { kind: 'boolean', title: 'Well' }, detail: { kind: 'text', title: 'Detail' }, mend: { kind: 'text', title: 'How to mend it' } } },
  },
  permissions: {
    'policy.read-draft': 'Read drafts, proposals and dry runs before they are published',
    'policy.preview': 'See the pages as they would be, before they are published',
    'policy.draft': 'Import a page as a draft, and correct what was proposed',
    'policy.approve': 'Approve a draft, claim by claim',
    'policy.publish': 'Publish an approved version, or withdraw it',
    'claim.note': 'Put a public note on a broken claim',
    'check.run': 'Run a check now',
    'check.read': 'Read runs, and which targets they covered',
    'evidence.read': 'Read the evidence behind a result',
    'evidence.erase': 'Erase the evidence of a run for good',
    'attestation.make': 'Record an attestation signed by a person, or end one',
    'key.change': 'Let a key count, or stop it',
    'log.change': 'Add or remove a witness',
    'settings.read': 'Read the settings of the organisation',
    'settings.change': 'Change the settings of the organisation',
    'audit.read': 'Read the audit trail',
    'installation.read': 'Read how the installation is doing',
  },
  events: {},
})
