import { defineContract } from '#core/module'

/** The words of the spine itself: what may be permitted on policies, claims, checks, statements and the log. */
export const spine = defineContract({
  id: 'spine',
  title: 'The spine',
  needs: [],
  tables: {},
  permissions: {
    'policy.read-draft': 'Read drafts, proposals and dry runs before they are published',
    'preview.read': 'See the pages as they would be, before they are published',
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
