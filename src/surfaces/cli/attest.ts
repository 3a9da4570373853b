import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { encodeStatement, keyIdOf, sealEnvelope, toHex, type Attestation } from '@vouchsafe/verify'
import { isControlId } from '#core/control'
import { VouchsafeError } from '#core/errors'
import { instantOf } from '#core/statement'
import { DATA, dataFolder, operatorClient, type Client } from './client.ts'
import { defineCommand, FORMAT, json, requireFormat } from './command.ts'

interface LocalKey {
  publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
  holder: string
  role: string
}

export const attestCommand = defineCommand({
  name: 'attest',
  summary: 'Say, under your role and with your own key, that a claim or a control holds until a date.',
  usage: `CLAIM|CONTROL --role ROLE --until DATE [--statement TEXT] [--key NAME] [--as NAME] [--data DIR]

  CLAIM|CONTROL     a claim's id, or a control such as background-check
  --role ROLE       how the page calls you: "Head of Infrastructure". Not your name.
  --until DATE      2027-03-01, at most 400 days ahead
  --statement TEXT  what you know and how; public for ever (default: that it holds)
  --key NAME        your key (default: "default"); made at first use, kept in a 0600 file of yours
  --as NAME         who does this, for the audit`,
  options: { ...FORMAT, ...DATA, role: { type: 'string' }, until: { type: 'string' }, statement: { type: 'string' }, key: { type: 'string', default: 'default' }, as: { type: 'string' } },
  least: 1,
  async run({ values, words, terminal }) {
    const asJson = requireFormat(values.format, ['text', 'json']) === 'json'
    const about = words[0]!
    if (values.until === undefined || Number.isNaN(Date.parse(values.until))) throw new VouchsafeError('bad-input', 'Until when? --until takes a date.', { mend: 'Such as --until 2027-03-01.' })
    const client = operatorClient(dataFolder(values.data, terminal), values.as)
    const key = openLocalKey(join(terminal.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'vouchsafe', 'keys'), values.key ?? 'default', values.role)
    await registerKey(client, key)
    const subject = isControlId(about) ? { control: about } : { claim: about, sentence: (await client.get<{ digest: string }>(`/claims/${about}`)).digest }
    const attestation: Attestation = {
      ...subject,
      statement: values.statement ?? `I attest that this holds.`,
      role: key.role,
      from: instantOf(new Date()),
      until: instantOf(new Date(values.until)),
    }
    const sha256 = 'sentence' in subject ? subject.sentence : keyIdOf(new TextEncoder().encode(about))
    const envelope = await sealEnvelope(encodeStatement({ kind: 'attestation', subject: [{ name: isControlId(about) ? `control:${about}` : `claim:${about}`, digest: { sha256 } }], predicate: attestation }), key)
    const made = await client.send<{ digest: string }>('POST', '/attestations', { envelope })
    terminal.out(asJson ? json(made) : `Attested by ${key.role}, until ${attestation.until.slice(0, 10)}. It is in the log as ${made.digest.slice(0, 16)}….\n`)
    return 0
  },
})

async function registerKey(client: Client, key: LocalKey): Promise<void> {
  const keyId = keyIdOf(key.publicKey)
  const { items } = await client.get<{ items: { keyId: string; purpose: string; role: string; revokedAt?: string }[] }>('/keys')
  const known = items.find((item) => item.keyId === keyId && item.purpose === 'attestation')
  if (known?.revokedAt) throw new VouchsafeError('refused', 'This key has been revoked.', { mend: 'Use another with --key NAME.' })
  if (!known) await client.send('POST', '/keys', { publicKey: toHex(key.publicKey), purpose: 'attestation', holder: key.holder, role: key.role })
}

/** A person's key in a 0600 file of theirs: Ed25519 as PKCS #8 (RFC 8410), with a random id and the role it speaks for. */
function openLocalKey(folder: string, name: string, role: string | undefined): LocalKey {
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(name)) throw new VouchsafeError('bad-input', 'A key is called by lower-case letters, digits and hyphens.')
  const file = join(folder, `${name}.json`)
  if (!existsSync(file)) {
    if (role === undefined) throw new VouchsafeError('bad-input', 'This key is made now, and needs the role it speaks for.', { mend: 'Add --role "Head of Infrastructure", or what the page shall call you.' })
    const { privateKey } = generateKeyPairSync('ed25519')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const kept = { role, holder: randomBytes(16).toString('hex'), key: privateKey.export({ format: 'pem', type: 'pkcs8' }) }
    writeFileSync(file, JSON.stringify(kept, null, 1), { mode: 0o600, flag: 'wx' })
  }
  const mode = lstatSync(file).mode & 0o777
  if (mode !== 0o600) throw new VouchsafeError('refused', `${file} is open to others (mode ${mode.toString(8)}).`, { mend: `Run \`chmod 600 ${file}\`; if others could have read it, make another key with --key NAME.` })
  const kept = readKept(file)
  if (role !== undefined && role !== kept.role) throw new VouchsafeError('bad-input', `The key "${name}" speaks for "${kept.role}", not for "${role}".`, { mend: 'Use another key with --key NAME for another role.' })
  const { privateKey } = kept
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32)
  return { publicKey, holder: kept.holder, role: kept.role, sign: (message) => sign(null, message, privateKey) }
}

function readKept(file: string): { role: string; holder: string; privateKey: KeyObject } {
  try {
    const { role, holder, key } = JSON.parse(readFileSync(file, 'utf8')) as { role: unknown; holder: unknown; key: string }
    const privateKey = createPrivateKey(key)
    if (typeof role === 'string' && typeof holder === 'string' && privateKey.asymmetricKeyType === 'ed25519') return { role, holder, privateKey }
  } catch {
    // Said below, without the cause: it may quote the key.
  }
  throw new VouchsafeError('corrupt', `${file} holds no key that can be used.`, { mend: 'Put your copy of it back, or make another key with --key NAME.' })
}
