import { send } from '../api/client.ts'
import type { PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser'

/** What a sign-in waits for next. */
export type Next = { next: 'done' } | { next: 'second-factor'; ways: readonly SecondFactor[] } | { next: 'enrol' } | { next: 'choose-password' }
export type SecondFactor = 'passkey' | 'totp' | 'recovery-code'

export interface Provider {
  id: string
  title: string
  kind: 'oidc' | 'saml'
}

/** Ways in, as anybody may know them. */
export interface Ways {
  /** There is no owner yet: the set-up code opens the console. */
  setUp: boolean
  providers: readonly Provider[]
}

const quiet = async <T>(path: string, body: unknown = {}): Promise<T> => (await send<T>('POST', path, { body, quiet: true })).body

// The library is fetched when somebody uses a passkey.
const browser = () => import('@simplewebauthn/browser')

/** Asks the browser for a passkey and hands what it signed to `path`. */
export async function assert<T>(optionsPath: string, path: string, body: Record<string, unknown> = {}): Promise<T> {
  const optionsJSON = await quiet<PublicKeyCredentialRequestOptionsJSON>(optionsPath, body)
  const { startAuthentication } = await browser()
  return quiet<T>(path, { ...body, response: await startAuthentication({ optionsJSON }) })
}

/** Has the browser make a passkey and hands it to `path`. */
export async function attest<T>(optionsPath: string, path: string, body: Record<string, unknown> = {}): Promise<T> {
  const optionsJSON = await quiet<PublicKeyCredentialCreationOptionsJSON>(optionsPath, body)
  const { startRegistration } = await browser()
  return quiet<T>(path, { ...body, response: await startRegistration({ optionsJSON }) })
}

export const ways = async (): Promise<Ways> => (await send<Ways>('GET', '/sign-in', { quiet: true })).body
export const byPasskey = (): Promise<Next> => assert('/sign-in/passkey/options', '/sign-in/passkey')
export const byPassword = (email: string, password: string): Promise<Next> => quiet('/sign-in/password', { email, password })
export const bySecondFactor = (way: Exclude<SecondFactor, 'passkey'>, code: string): Promise<Next> => quiet(`/sign-in/${way}`, { code })
