import { z } from 'zod'
import { defineContract } from '#core/module'
import { authentication } from '#modules/authentication'
import { identity } from '#modules/identity'

const provider = z.uuid()
const account = z.strictObject({ provider, account: z.uuid(), person: z.uuid() })

/** Signing in through identity providers: which there are, and who somebody there is here. */
export const federation = defineContract({
  id: 'federation',
  title: 'Single sign-on',
  needs: [identity, authentication],
  tables: { provider: 'changing', account: 'changing', used: 'changing', sealing_key: 'append-only' },
  records: {
    provider: {
      title: 'Identity provider',
      fields: {
        id: { kind: 'text', title: 'Id' },
        kind: { kind: 'text', title: 'Kind' },
        title: { kind: 'text', title: 'Title' },
        enabled: { kind: 'boolean', title: 'Offered' },
        issuer: { kind: 'text', title: 'Issuer' },
        clientId: { kind: 'text', title: 'Client id' },
        clientAuthentication: { kind: 'text', title: 'How we authenticate to it' },
        clientSecret: { kind: 'text', title: 'Client secret' },
        scopes: { kind: 'texts', title: 'Scopes' },
        addressesAreVerified: { kind: 'boolean', title: 'Its addresses are verified' },
        signInUrl: { kind: 'text', title: 'Sign-in address' },
        signOutUrl: { kind: 'text', title: 'Sign-out address' },
        certificates: { kind: 'texts', title: 'Certificates' },
        metadata: { kind: 'text', title: 'Metadata' },
        signsRequests: { kind: 'boolean', title: 'Requests are signed' },
        subjectAttribute: { kind: 'text', title: 'Attribute with the subject' },
        emailAttribute: { kind: 'text', title: 'Attribute with the address' },
        nameAttribute: { kind: 'text', title: 'Attribute with the name' },
        createFor: { kind: 'texts', title: 'People are created for these domains' },
        defaultGroups: { kind: 'texts', title: 'Groups of those who are created' },
        groupsFrom: { kind: 'text', title: 'Claim or attribute with groups' },
        groups: { kind: 'json', title: 'Groups' },
        secondFactor: { kind: 'text', title: 'Second factor' },
        strongValues: { kind: 'texts', title: 'What says that a second factor was shown' },
        singleLogout: { kind: 'boolean', title: 'Single logout' },
        publicKey: { kind: 'text', title: 'Our certificate or key' },
        createdAt: { kind: 'instant', title: 'Added' },
        changedAt: { kind: 'instant', title: 'Changed' },
      },
    },
    account: {
      title: 'Account at an identity provider',
      table: 'federation.account',
      fields: {
        id: { kind: 'text', title: 'Id' },
        provider: { kind: 'text', column: 'provider_id', title: 'Provider' },
        person: { kind: 'text', column: 'person_id', title: 'Person' },
        subject: { kind: 'text', title: 'Subject' },
        linkedAt: { kind: 'instant', column: 'linked_at', title: 'Linked' },
        linkedHow: { kind: 'text', column: 'linked_how', title: 'How it was linked' },
        lastUsedAt: { kind: 'instant', column: 'last_used_at', title: 'Last used' },
      },
    },
  },
  permissions: {
    'provider.read': 'See the identity providers and how they are set up',
    'provider.change': 'Add, change and remove identity providers: whoever may do this can sign in as everybody who signs in through one',
    'provider.test': 'Try whether an identity provider answers and is set up well',
    'account.read': 'See who signs in through which provider',
    'account.unlink': 'Take somebody’s account at a provider away from them',
  },
  events: {
    'provider.created': z.strictObject({ provider }),
    'provider.changed': z.strictObject({ provider, fields: z.array(z.string()) }),
    'provider.removed': z.strictObject({ provider }),
    'account.linked': account,
    'account.unlinked': account,
    /** A provider's word was refused, and why; `reason` is one of a fixed list. */
    'provider.refused': z.strictObject({ provider, reason: z.string() }),
  },
})
