import { VouchsafeError } from '#core/errors'
import type { SetCookie } from '#core/module'
import type { Admission, Admitted, Asked } from './admission.ts'
import { begin, begunCookie, endedCookie, readBegun, type Begun, type Purpose } from './begun.ts'
import type { CallbackQuery, Oidc } from './oidc.ts'
import { addressesOf, ownOrigin, type FederationParts } from './parts.ts'
import type { OidcSettings, Provider, SamlSettings } from './provider.ts'
import { Refusal } from './refusal.ts'
import type { Saml } from './saml.ts'
import type { Seals } from './seals.ts'
import { findProvider, outside } from './store.ts'

/** Where a browser goes next, and with which cookies. */
export interface Departure {
  location: string
  cookies: SetCookie[]
}

export interface FlowParts extends FederationParts {
  seals: Seals
  admission: Admission
  oidc: Oidc
  saml: Saml
}

type OidcProvider = Provider & { settings: OidcSettings }
type SamlProvider = Provider & { settings: SamlSettings }
export const isOidc = (provider: Provider): provider is OidcProvider => provider.settings.kind === 'oidc'
export const isSaml = (provider: Provider): provider is SamlProvider => provider.settings.kind === 'saml'

/** The way of a browser to a provider and back. */
export class Flow {
  readonly #parts: FlowParts
  constructor(parts: FlowParts) {
    this.#parts = parts
  }

  /** Leaves for the provider. @throws Refusal */
  async leave(id: string, purpose: Purpose, { returnTo, fresh, at }: { returnTo: string; fresh: boolean; at: Date }): Promise<Departure> {
    const provider = await this.provider(id)
    const begun = begin(provider.id, purpose, { returnTo, fresh, at })
    const addresses = await this.addresses(provider)
    const location = isOidc(provider) ? await this.#parts.oidc.signInUrl(provider, begun, addresses.callback, at) : await this.#parts.saml.signInUrl(provider as SamlProvider, begun, addresses, at)
    return { location, cookies: [await begunCookie(this.#parts.seals, begun, isSaml(provider))] }
  }

  /** Comes back from an OIDC provider. Never throws what a browser could not show: every way out is an address of the console. */
  comeBack(id: string, query: CallbackQuery, asked: Asked): Promise<Departure> {
    return this.#arrive(id, query.state, asked, async (provider, begun) => {
      if (!isOidc(provider)) throw new Refusal('unknown-provider')
      const { callback } = await this.addresses(provider)
      return { vouched: await this.#parts.oidc.vouched(provider, begun, query, callback, asked.at) }
    })
  }

  /** Comes back from a SAML provider, by a form that its page posts. */
  takeResponse(id: string, { response, relayState }: { response: string; relayState: string | undefined }, asked: Asked): Promise<Departure> {
    return this.#arrive(id, relayState, asked, async (provider, begun) => {
      if (!isSaml(provider)) throw new Refusal('unknown-provider')
      return this.#parts.saml.vouched(provider, begun, response, await this.addresses(provider), asked.at)
    })
  }

  /** @throws Refusal `unknown-provider` for one that is not there, or switched off */
  async provider(id: string): Promise<Provider> {
    const provider = await findProvider(outside(this.#parts.db.app), id)
    if (provider === undefined || !provider.settings.enabled) throw new Refusal('unknown-provider')
    return provider
  }

  async addresses(provider: Pick<Provider, 'id'>): Promise<ReturnType<typeof addressesOf>> {
    return addressesOf(await ownOrigin(this.#parts), provider.id)
  }

  async #arrive(id: string, state: string | undefined, asked: Asked, listen: (provider: Provider, begun: Begun) => Promise<{ vouched: Parameters<Admission['admit']>[2]; once?: Parameters<Admission['admit']>[4] }>): Promise<Departure> {
    const { admission, seals } = this.#parts
    let known: { provider: Provider; begun: Begun } | undefined
    const ended = (): SetCookie[] => (known === undefined ? [] : [endedCookie(known.begun.id, isSaml(known.provider))])
    try {
      const provider = await this.provider(id)
      known = { provider, begun: await readBegun(seals, asked.client, { id: state, provider: provider.id, at: asked.at }) }
      const { vouched, once } = await listen(provider, known.begun)
      const admitted = await admission.admit(provider, known.begun, vouched, asked, once)
      return { location: placeAfter(admitted, known.begun), cookies: [...ended(), ...admitted.cookies] }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (known !== undefined) await admission.refused(known.provider, error)
      return { location: placeOf(error, known?.begun), cookies: ended() }
    }
  }
}

function placeAfter({ next, ways }: Admitted, begun: Begun): string {
  if (next === 'done') return begun.returnTo
  if (next === 'linked') return `${begun.returnTo}${begun.returnTo.includes('?') ? '&' : '?'}linked=${begun.provider}`
  return `/console/sign-in?next=${next}${ways === undefined ? '' : `&ways=${ways.join(',')}`}&return=${encodeURIComponent(begun.returnTo)}`
}

/** Whoever was adding an account goes back to where they were; everybody else to the page for signing in. */
function placeOf({ reason }: Refusal, begun: Begun | undefined): string {
  if (begun?.purpose.kind === 'link') return `${begun.returnTo}${begun.returnTo.includes('?') ? '&' : '?'}problem=${reason}`
  return `/console/sign-in?problem=${reason}`
}

/** Refusals of a request by a page of ours, as problems; those of a browser on its way are addresses. */
export function throwAsProblem(error: unknown): never {
  if (error instanceof Refusal && error.reason === 'unknown-provider') throw new VouchsafeError('not-found', error.message, error.mend === undefined ? {} : { mend: error.mend })
  throw error
}
