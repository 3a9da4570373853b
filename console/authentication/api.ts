import { useQuery } from '@tanstack/react-query'
import { send } from '../api/client.ts'
import type { PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser'

/** What a sign-in waits for next. */
export type Next = { next: 'done' } | { next: 'second-factor'; ways: readonly SecondFactor[] } | { next: 'enrol' } | { next: 'choose-password' }
const SECOND_FACTORS = ['passkey', 'password', 'totp', 'recovery-code'] as const
export type SecondFactor = (typeof SECOND_FACTORS)[number]

/** The step that an address names after a provider's word: `next=second-factor&ways=totp,passkey`, or `next=enrol`. */
export function nextIn({ next, ways: named = '' }: Readonly<Record<string, string>>): Next | undefined {
  if (next === 'enrol') return { next }
  const offered = SECOND_FACTORS.filter((way) => named.split(',').includes(way))
  return next === 'second-factor' && offered.length > 0 ? { next, ways: offered } : undefined
}

export interface Provider {
  id: string
  title: string
  kind: 'oidc' | 'saml'
}

/** Those that are typed. */
export type Code = Exclude<SecondFactor, 'passkey'>

/** Ways in, as anybody may know them. */
export interface Ways {
  /** There is no owner yet: the set-up code opens the console. */
  setUp: boolean
  providers: readonly Provider[]
}

/** A call of somebody who is not signed in: being refused is its answer, and no reason to ask for a sign-in. */
export const atTheDoor = async <T>(path: string, body: unknown = {}): Promise<T> => (await send<T>('POST', path, { body, quiet: true })).body
type Caller = <T>(path: string, body?: unknown) => Promise<T>

// The library is fetched when somebody uses a passkey.
const browser = () => import('@simplewebauthn/browser')

/** Asks the browser for a passkey whose options are below `path`, and hands what it signed to that. */
export async function assert<T>(path: string, call: Caller): Promise<T> {
  const optionsJSON = await call<PublicKeyCredentialRequestOptionsJSON>(`${path}/options`)
  const { startAuthentication } = await browser()
  return call<T>(path, { response: await startAuthentication({ optionsJSON }) })
}

/** Has the browser make a passkey, and hands it over likewise. */
export async function attest<T>(path: string, call: Caller): Promise<T> {
  const optionsJSON = await call<PublicKeyCredentialCreationOptionsJSON>(`${path}/options`)
  const { startRegistration } = await browser()
  return call<T>(path, { response: await startRegistration({ optionsJSON }) })
}

const ways = async (): Promise<Ways> => (await send<Ways>('GET', '/sign-in', { quiet: true })).body
export const useWays = () => useQuery({ queryKey: ['/sign-in'], queryFn: ways, retry: false, staleTime: 60_000 })
export const byPasskey = (): Promise<Next> => assert('/sign-in/passkey', atTheDoor)
export const byPassword = (email: string, password: string): Promise<Next> => atTheDoor('/sign-in/password', { email, password })
export const bySecondFactor = (way: Code, code: string): Promise<Next> => atTheDoor(`/sign-in/${way}`, { code })
