/**
 * Every route that writes and asks for no permission, and what stands in its place. A new one is added here by a person,
 * with its reason, or the tests of permissions fail.
 */
export const OPEN_WRITES: Readonly<Record<string, string>> = {
  'POST /api/v1/observations': 'the signature over the body permits it',
  'POST /api/v1/sign-in/passkey/options': 'begins a sign-in; limited by address',
  'POST /api/v1/sign-in/passkey': 'the passkey permits it',
  'POST /api/v1/sign-in/password': 'the password permits it',
  'POST /api/v1/sign-in/totp': 'goes on with a sign-in that has begun',
  'POST /api/v1/sign-in/recovery-code': 'goes on with a sign-in that has begun',
  'POST /api/v1/set-up': 'the set-up code permits it',
  'POST /api/v1/invitation': 'the invitation permits it',
  'POST /api/v1/enrolment/passkey/options': 'goes on with an enrolment that has begun',
  'POST /api/v1/enrolment/passkey': 'goes on with an enrolment that has begun',
  'POST /api/v1/enrolment/password': 'goes on with an enrolment that has begun',
  'POST /api/v1/enrolment/totp/options': 'goes on with an enrolment that has begun',
  'POST /api/v1/enrolment/totp': 'goes on with an enrolment that has begun',
  'POST /api/v1/federation/providers/{provider}/invitation': 'the invitation permits it',
  'POST /api/v1/federation/{provider}/acs': 'the signature of the assertion permits it',
  'POST /api/v1/federation/{provider}/back-channel-logout': 'the signature of the logout token permits it; it only ends sessions',
  'POST /api/v1/federation/{provider}/logout': 'the signature of the logout request permits it; it only ends sessions',
  'POST /api/v1/password-reset': 'sends a letter to an address that is known, and tells nobody whether it is',
  'POST /api/v1/password-reset/link': 'the link permits it',
  'POST /api/v1/password-reset/password': 'goes on with a reset that has begun',
}
