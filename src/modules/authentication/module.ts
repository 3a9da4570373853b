import { reactionTo, type Client, type Module } from '#core/module'
import { identity } from '#modules/identity'
import { Attempts } from './attempts.ts'
import { authentication } from './contract.ts'
import { authenticationChecks } from './checks.ts'
import { Enrolling } from './enrolling.ts'
import { OwnCredentials } from './own-credentials.ts'
import type { AuthenticationParts } from './parts.ts'
import { isAtThisMachine } from './network.ts'
import { PasswordHashing } from './password-hash.ts'
import type { RelyingParty } from './passkey.ts'
import { CredentialRecognition } from './recognition.ts'
import { Resets } from './resets.ts'
import { authenticationRoutes } from './routes.ts'
import { SecondFactors } from './second-factor.ts'
import { RingSecrets } from './secrets-of-ring.ts'
import { Security } from './security.ts'
import { Sessions } from './sessions.ts'
import { SigningIn } from './signing-in.ts'
import { authenticationMigrations, AuthenticationStore, ours } from './store.ts'
import { Tokens } from './tokens.ts'
import type { AuthenticationServices } from './index.ts'

/** Signing in. Stands on identity; roles, federation and the HTTP surface stand on what it returns. */
export function createAuthenticationModule(given: AuthenticationParts): AuthenticationServices & { module: Module<typeof authentication> } {
  const store = new AuthenticationStore(given.db)
  const secrets = new RingSecrets(given.keys, store, given.clock)
  const hashing = new PasswordHashing(() => secrets.passwordKey())
  const party = async (client?: Client): Promise<RelyingParty> => {
    const { name, publicUrl } = await given.organisation()
    // At the machine itself, or through a tunnel that ends there, passkeys are made for localhost; anywhere else for the public address.
    const origin = client !== undefined && isAtThisMachine(client) ? client.origin : new URL(publicUrl ?? (given.localUrl() || 'http://localhost')).origin
    return { origin, name: name ?? new URL(origin).hostname }
  }
  const parts = { ...given, store, secrets, hashing, party, attempts: new Attempts(store), sessions: new Sessions({ store, events: given.events, people: given.people }), providers: given.providers }
  const recognition = new CredentialRecognition(parts)
  const factors = new SecondFactors(parts)
  const signingIn = new SigningIn({ ...parts, factors })
  const enrolling = new Enrolling(parts)
  const own = new OwnCredentials({ ...parts, factors })
  const resets = new Resets({ ...parts, factors, signingIn })
  const tokens = new Tokens(parts)
  const security = new Security(parts)
  return {
    recognition,
    sessions: parts.sessions,
    tokens,
    afterProvider: (person, provenance, asked) => signingIn.afterProvider(person, provenance, asked),
    provenanceOf: (sessionId) => store.provenanceOf(sessionId),
    securitySettings: async () => (await store.securitySettings()).settings,
    passkeysOf: (personId) => store.passkeysOf(personId),
    sweep: (at) => store.sweep(at),
    module: {
      contract: authentication,
      migrations: authenticationMigrations.folder,
      routes: authenticationRoutes({ ...parts, recognition, signingIn, enrolling, own, resets, tokens, security }),
      checks: authenticationChecks({ store, people: given.people, localUrl: given.localUrl }),
      obligations: [],
      reactions: [
        // INVARIANT: in the transaction of the deactivation. The grown epoch would kill what is left; nothing is left.
        reactionTo(identity, 'person.deactivated', ({ person }, tx) => store.endEverything(ours(tx), person)),
        // Whoever has the old mailbox has no link into the account: an address is changed when it is lost, too.
        reactionTo(identity, 'person.changed', async ({ person, fields }, tx) => (fields.includes('email') ? store.endResets(ours(tx), person) : undefined)),
        reactionTo(identity, 'person.signed-out', ({ person }, tx) => store.endEverything(ours(tx), person)),
      ],
      sections: [],
    },
  }
}
