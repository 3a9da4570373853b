import { isAbsolute, join, relative, resolve } from 'node:path'
import type { Clock } from '#core/clock'
import { messageOf, VouchsafeError } from '#core/errors'
import { awsRoot } from './aws-root.ts'
import { gcpRoot, type ServiceAccount } from './gcp-root.ts'
import { readPrivate } from './private-file.ts'
import type { RootKey } from './root-key.ts'
import { vaultRoot } from './vault-root.ts'

/** Where the root key is, unless the operator says otherwise: the file `root` in the folder of keys. */
export const LOCAL_ROOT = 'file:root'

/** Which root key, without any secret: it is kept beside the keys and shown. */
export interface RootAddress {
  kind: 'file' | 'awskms' | 'gcpkms' | 'vault'
  /** Path of the file, or name of the key at its service. */
  name: string
  settings: ReadonlyMap<string, string>
}

/** What of the environment and the machine an address rests on. */
export interface RootSurroundings {
  /** The folder of keys: a relative path of a root key file begins here. */
  folder: string
  environment: Readonly<Record<string, string | undefined>>
  clock: Clock
}

const SETTINGS: Readonly<Record<RootAddress['kind'], readonly string[]>> = {
  file: [],
  awskms: ['region', 'endpoint'],
  gcpkms: ['endpoint'],
  vault: ['address', 'mount', 'namespace'],
}

/**
 * Reads `file:PATH`, `awskms:KEY?region=…&endpoint=…`, `gcpkms:projects/…/cryptoKeys/…?endpoint=…` or
 * `vault:KEY?address=…&mount=…&namespace=…`. Slashes after the colon of a service change nothing.
 * @throws VouchsafeError `bad-input`
 */
export function parseRootAddress(text: string): RootAddress {
  const [, kind = '', rest = '', query = ''] = /^([a-z]+):([^?#]*)(?:\?([^#]*))?$/.exec(text) ?? []
  if (!Object.hasOwn(SETTINGS, kind)) throw badAddress(text.includes('@') ? 'it cannot be read' : `"${text.slice(0, 100)}" is none of the four forms`)
  const known = kind as RootAddress['kind']
  const name = known === 'file' ? rest.replace(/^\/\/(?=\/)/, '') : rest.replace(/^\/+/, '')
  // A secret in an address would be written beside the keys, and shown.
  if (name === '' || (known !== 'file' && name.includes('@'))) throw badAddress('it names no key')
  const settings = new Map<string, string>()
  for (const [setting, value] of new URLSearchParams(query)) {
    if (!SETTINGS[known].includes(setting) || value === '') throw badAddress(`"${setting}" is no setting of ${known}:`)
    if (setting === 'endpoint' || setting === 'address') requireSafe(value)
    settings.set(setting, value)
  }
  return { kind: known, name, settings }
}

/** The one spelling of an address, for comparing and keeping. A file in the folder of keys is named from there, so that the folder may move. */
export function rootAddressText({ kind, name, settings }: RootAddress, folder: string): string {
  if (kind === 'file') {
    const inside = relative(folder, resolve(folder, name))
    return `file:${inside === '' || inside.startsWith('..') || isAbsolute(inside) ? resolve(folder, name) : inside}`
  }
  const query = new URLSearchParams([...settings].toSorted(([a], [b]) => (a < b ? -1 : 1))).toString()
  return `${kind}:${name}${query === '' ? '' : `?${query}`}`
}

/** Path of a root key file. */
export const rootFilePath = ({ name }: RootAddress, folder: string): string => resolve(folder, name)

/**
 * The root key at a service, its credentials from the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (AWS_SESSION_TOKEN);
 * GOOGLE_APPLICATION_CREDENTIALS, a 0600 file; VAULT_TOKEN (VAULT_ADDR, VAULT_NAMESPACE).
 * @throws VouchsafeError `bad-input` where one is missing
 */
export async function serviceRoot({ kind, name, settings }: RootAddress, { environment, clock }: RootSurroundings): Promise<RootKey> {
  const need = (variable: string): string => {
    const value = environment[variable]
    if (!value) throw new VouchsafeError('bad-input', `The root key ${kind}:${name} needs ${variable} in the environment.`, { mend: `Set ${variable} for the account that runs Vouchsafe; credentials never stand in the address.` })
    return value
  }
  const endpoint = settings.get('endpoint')
  switch (kind) {
    case 'awskms': {
      const region = settings.get('region') ?? /^arn:aws[\w-]*:kms:([a-z0-9-]+):/.exec(name)?.[1] ?? environment['AWS_REGION']
      if (!region || !/^[a-z0-9-]{1,40}$/.test(region)) throw badAddress('it names no region (awskms:KEY?region=eu-central-1)')
      const sessionToken = environment['AWS_SESSION_TOKEN']
      return awsRoot({ keyId: name, region, accessKeyId: need('AWS_ACCESS_KEY_ID'), secretAccessKey: need('AWS_SECRET_ACCESS_KEY'), ...(sessionToken ? { sessionToken } : {}), ...(endpoint === undefined ? {} : { endpoint }) })
    }
    case 'gcpkms':
      return gcpRoot({ key: name, account: await serviceAccount(need('GOOGLE_APPLICATION_CREDENTIALS')), clock, ...(endpoint === undefined ? {} : { endpoint }) })
    case 'vault': {
      const address = settings.get('address') ?? need('VAULT_ADDR')
      requireSafe(address)
      const [mount, namespace] = [settings.get('mount'), settings.get('namespace') ?? environment['VAULT_NAMESPACE']]
      return vaultRoot({ url: address, key: name, token: need('VAULT_TOKEN'), ...(mount === undefined ? {} : { mount }), ...(namespace ? { namespace } : {}) })
    }
    case 'file':
      throw new VouchsafeError('internal', 'A root key file is at no service.')
  }
}

async function serviceAccount(file: string): Promise<ServiceAccount> {
  const text = await readPrivate(file)
  if (text === undefined) throw new VouchsafeError('not-found', `The key file of the Google service account, ${file}, is not there.`, { mend: 'Correct GOOGLE_APPLICATION_CREDENTIALS.' })
  try {
    const { client_email, private_key, token_uri } = JSON.parse(text) as Partial<ServiceAccount>
    if (typeof client_email === 'string' && typeof private_key === 'string' && typeof token_uri === 'string') {
      requireSafe(token_uri)
      return { client_email, private_key, token_uri }
    }
  } catch (error) {
    if (error instanceof VouchsafeError) throw error
    // Without the cause: it may quote the key.
  }
  throw new VouchsafeError('bad-input', `${file} is no key file of a Google service account.`, { mend: 'Name the JSON key file as Google gave it.' })
}

/** Tokens and keys travel there: over TLS, or to this machine. */
function requireSafe(address: string): void {
  let url: URL
  try {
    url = new URL(address)
  } catch (error) {
    throw badAddress(`the address of its service cannot be read (${messageOf(error)})`)
  }
  if (url.username !== '' || url.password !== '') throw badAddress('it holds a secret, which belongs into the environment')
  const here = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && here)) throw badAddress('its service must be at https://…')
}

function badAddress(why: string): VouchsafeError {
  return new VouchsafeError('bad-input', `The address of the root key cannot be used: ${why}.`, {
    mend: `Write file:${join('/path', 'of', 'file')}, awskms:KEY?region=…, gcpkms:projects/…/cryptoKeys/… or vault:KEY?address=https://….`,
  })
}
