import { VouchsafeError } from '#core/errors'

/** Gives the value of a secret by its name at the moment of a run; `undefined` when it has none. Values are never kept by us. */
export interface SecretProvider {
  secret(name: string): Promise<string | undefined>
}

const LEAST_REDACTED = 6 // shorter values occur in ordinary text: hiding each 'a' would hide the evidence, and they guard nothing

/**
 * The secrets of one run, and the means to keep them out of what the run leaves behind.
 *
 * INVARIANT: every text that leaves a run (summaries, evidence, errors) goes through `redact`.
 */
export class RunSecrets {
  readonly #values = new Map<string, string>()
  readonly #hidden = new Set<string>()

  /** @throws VouchsafeError `bad-input` naming the secret that is not there */
  static async resolve(names: readonly string[], provider: SecretProvider | undefined): Promise<RunSecrets> {
    const secrets = new RunSecrets()
    for (const name of names) {
      const value = await provider?.secret(name)
      if (value === undefined || value === '') {
        throw new VouchsafeError('bad-input', `The secret ${name} is not set.`, { mend: `Give ${name} a value where this check runs (environment, file or secret store).` })
      }
      // A file's last line break is not part of the secret.
      secrets.#values.set(name, value.replace(/\r?\n$/, ''))
      secrets.hide(value.replace(/\r?\n$/, ''))
    }
    return secrets
  }

  get(name: string): string | undefined {
    return this.#values.get(name)
  }

  /** Also hides what was got with a secret: access tokens, signed assertions, session cookies. */
  hide(value: string): void {
    if (value.length < LEAST_REDACTED) return
    for (const form of formsOf(value)) this.#hidden.add(form)
    // A PEM key or a JSON key file leaks just as well line by line.
    for (const line of value.split(/\r?\n/)) if (line.length >= 20) for (const form of formsOf(line)) this.#hidden.add(form)
    try {
      const parsed: unknown = JSON.parse(value)
      if (typeof parsed === 'object' && parsed !== null) for (const [key, member] of Object.entries(parsed)) if (typeof member === 'string' && /key|secret|token|password/i.test(key)) this.hide(member)
    } catch {
      // not JSON: it is hidden as it is
    }
  }

  redact(text: string): string {
    let out = text
    // Longest first, so that a secret that contains another leaves no rest.
    for (const hidden of [...this.#hidden].sort((a, b) => b.length - a.length)) out = out.replaceAll(hidden, '[secret]')
    return out
  }
}

/** The spellings in which a value may turn up in a message, an address, a header or an echo of a body. */
function formsOf(value: string): string[] {
  const base64 = Buffer.from(value).toString('base64')
  return [
    value,
    encodeURIComponent(value),
    new URLSearchParams([['', value]]).toString().slice(1),
    JSON.stringify(value).slice(1, -1),
    base64,
    base64.replace(/=+$/, ''),
    Buffer.from(value).toString('base64url'),
    Buffer.from(value).toString('hex'),
  ]
}
