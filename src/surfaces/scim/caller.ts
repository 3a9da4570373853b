import { isVouchsafeError, VouchsafeError } from '#core/errors'
import type { Client, Method, Recognition } from '#core/module'
import { PROVISION, type Directories, type Directory } from '#modules/provisioning'
import { Allowance } from './allowance.ts'

/** Entra asks for at least 25 requests a second; Okta sends bursts. More is a client that runs wild. */
const REQUESTS = { capacity: 500, perSecond: 50 }
/** Wrong tokens from one address: a directory that was given a wrong one tries a few times a minute. */
const REFUSED = { capacity: 20, perSecond: 0.5 }

export interface CallerParts {
  recognition: Recognition
  directories: Pick<Directories, 'ofServiceAccount'>
}

/** Tells which directory calls, by its token alone. */
export class Callers {
  readonly #parts: CallerParts
  readonly #requests = new Allowance(REQUESTS)
  readonly #refused = new Allowance(REFUSED)
  constructor(parts: CallerParts) {
    this.#parts = parts
  }

  /** @throws VouchsafeError `not-signed-in`, `not-allowed`, `rate-limited` */
  async directoryOf(method: Method, client: Client, authorization: string | undefined, at: Date): Promise<Directory> {
    try {
      const directory = await this.#recognised(method, client, authorization, at)
      this.#requests.take(directory.id, at)
      return directory
    } catch (error) {
      // Counted once it has failed: directories share addresses, and nobody locks one out by guessing from beside it.
      if (isVouchsafeError(error, 'not-signed-in') || isVouchsafeError(error, 'not-allowed')) this.#refused.take(client.address, at)
      throw error
    }
  }

  async #recognised(method: Method, client: Client, authorization: string | undefined, at: Date): Promise<Directory> {
    if (authorization === undefined || !/^Bearer +\S/i.test(authorization)) throw new VouchsafeError('not-signed-in', 'This needs the token of a directory (Authorization: Bearer).')
    // INVARIANT: a session never speaks here: cookies are not even handed on.
    const found = await this.#parts.recognition.recognise({ method, client: { ...client, cookies: {} }, at, authorization })
    if (found === undefined) throw new VouchsafeError('not-signed-in', 'This token is not valid here.')
    // The directory itself is what permits: its service account holds no role, and its token is for nothing else.
    const directory = found.actor.kind === 'service' && found.scopes?.includes(PROVISION) === true ? await this.#parts.directories.ofServiceAccount(found.actor.id) : undefined
    if (directory === undefined) throw new VouchsafeError('not-allowed', 'This token is not that of a directory.', { mend: 'Connect the directory in the console, and give it the token that is shown there.' })
    return directory
  }
}
