import { get } from '../http/request.ts'
import { hostName } from '../target.ts'
import { ProbeError } from '../failure.ts'
import { mailExchangers } from '../mail/spf.ts'
import { fails, holds, listed, quoted, unknown } from '../report.ts'
import type { Json } from '../../canonical.ts'
import type { Finding } from '../report.ts'
import type { Visit } from '../visit.ts'
import type { Field, Remark } from './document.ts'
import { securityText } from './retrieval.ts'
import type { Retrieval } from './retrieval.ts'
import type { OpenPgpVerdict } from './signature.ts'

const DAY_MS = 86_400_000
const MAX_KEYS = 4
const MAX_KEY_BYTES = 64 * 1024 // an OpenPGP key with many signatures on it; ordinary ones have 2 to 5 KiB

/** The finding where there is no file to judge. */
function withoutFile(got: Exclude<Retrieval, { kind: 'file' }>): Finding {
  if (got.kind === 'broken') return unknown(`/.well-known/security.txt is not served just now (status ${got.status}); mend the server`, { status: got.status })
  if (got.kind === 'misled') return fails(`/.well-known/security.txt cannot be had: ${got.reason}`, { hops: got.hops.slice(0, 6).map((hop) => quoted(hop)) })
  const place = got.atOldPlace ? 'security.txt is only at the old place /security.txt; move it under /.well-known/' : `there is no /.well-known/security.txt (status ${got.status}); publish one`
  return fails(place, { status: got.status, atOldPlace: got.atOldPlace })
}

/** RFC 9116 in full, the signature apart. */
export async function checkSecurityText(visit: Visit): Promise<Finding> {
  const got = await securityText(visit)
  if (got.kind !== 'file') return withoutFile(got)
  const { judgement, transportFaults, document, hops } = got
  const expires = judgement.expires
  const observation: Json = {
    url: quoted(got.answer.url),
    hops: hops.map((hop) => quoted(hop)),
    signed: document.signed,
    expires: expires?.toISOString() ?? null,
    fields: document.fields.slice(0, 50).map(({ name, value, line }) => ({ name: quoted(name, 60), value: quoted(value), line })),
    transport: transportFaults,
    faults: judgement.faults.map(remark),
    notes: judgement.notes.map(remark),
  }
  const faults = [...transportFaults, ...judgement.faults.map(({ line, text }) => (line === 0 ? text : `${text} (line ${line})`))]
  if (faults.length > 0) {
    const more = faults.length > 2 ? `, and ${faults.length - 2} more` : ''
    return fails(`security.txt is not valid: ${faults.slice(0, 2).join('; ')}${more}`, observation)
  }
  const daysLeft = Math.floor((expires!.getTime() - visit.options.at.getTime()) / DAY_MS)
  const detour = hops.length > 0 ? `, by way of ${hops.length} redirect${hops.length === 1 ? '' : 's'}` : ''
  return holds(`security.txt is valid for ${daysLeft} more days${detour}`, observation)
}

const remark = ({ line, text }: Remark): Json => ({ line, text })

/** RFC 9116 §2.3: an OpenPGP cleartext signature, by a key that the file itself leads to. */
export async function checkSecurityTextSignature(visit: Visit): Promise<Finding> {
  const got = await securityText(visit)
  if (got.kind !== 'file') return withoutFile(got)
  if (!got.document.signed) return fails('security.txt is not signed; sign it with OpenPGP, in cleartext form', { signed: false })
  const verify = visit.options.verifyOpenPgp
  if (verify === undefined) return unknown('security.txt is signed, but this probe has no OpenPGP to verify it with', { signed: true })
  const { keys, missing } = await publishedKeys(visit, got.document.fields)
  // The signature covers exact bytes, and the parser has refused what is not UTF-8.
  const verdict = await verify(got.answer.body.toString('utf8'), keys, visit.options.at).catch((): OpenPgpVerdict => ({ kind: 'no-key', detail: 'the OpenPGP reader gave up on it' }))
  const seen = { signed: true, keys: keys.map((key) => quoted(key.uri)), missing: missing.map((uri) => quoted(uri)) }
  if (verdict.kind === 'good') return holds(`signed with the key ${quoted(verdict.fingerprint, 80)}, which the site itself publishes`, { ...seen, fingerprint: quoted(verdict.fingerprint, 80) })
  if (verdict.kind === 'bad') return fails(`the signature of security.txt is not good: ${quoted(verdict.detail, 150)}; sign the file again`, { ...seen, detail: quoted(verdict.detail) })
  return unknown(`the signature of security.txt cannot be verified: ${quoted(verdict.detail, 150)}; publish the key by https and name it in an Encryption field`, { ...seen, detail: quoted(verdict.detail) })
}

/** Keys behind the file's Encryption fields (RFC 9116 §2.5.4) that can be had by https without a redirect. */
async function publishedKeys(visit: Visit, fields: readonly Field[]): Promise<{ keys: { uri: string; bytes: Uint8Array }[]; missing: string[] }> {
  const keys: { uri: string; bytes: Uint8Array }[] = []
  const missing: string[] = []
  for (const { value } of fields.filter((field) => field.name === 'encryption').slice(0, MAX_KEYS)) {
    const url = URL.canParse(value) ? new URL(value) : undefined
    const answer = url?.protocol === 'https:' ? await get(visit, url, MAX_KEY_BYTES).catch(() => undefined) : undefined
    if (answer?.status === 200 && answer.whole && answer.certificateFaults.length === 0) keys.push({ uri: value, bytes: new Uint8Array(answer.body) })
    else missing.push(value)
  }
  return { keys, missing }
}

const MAX_CONTACTS = 4

type Reach = { kind: 'reachable' | 'dead' | 'untold'; detail: string }

/** There is an address for reports that can take them. Whether anybody reads it cannot be seen from outside. */
export async function checkDisclosureContact(visit: Visit): Promise<Finding> {
  const got = await securityText(visit)
  if (got.kind !== 'file') return unknown('no security.txt names a contact; publish one, or attest the channel by hand', {})
  const contacts = got.document.fields.filter((field) => field.name === 'contact')
  if (contacts.length === 0) return fails('security.txt names no contact; add a Contact field', { contacts: [] })
  const reached = await Promise.all(contacts.slice(0, MAX_CONTACTS).map(async ({ value }) => ({ value, ...(await reach(visit, value)) })))
  const encrypted = got.document.fields.some((field) => field.name === 'encryption')
  const secure = encrypted || contacts.some((field) => /^https:/i.test(field.value))
  const observation = { contacts: reached.map(({ value, kind, detail }) => ({ contact: quoted(value), kind, detail: quoted(detail) })), secure }
  const dead = reached.filter((contact) => contact.kind === 'dead')
  if (dead.length > 0) return fails(`the contact ${quoted(dead[0]!.value, 120)} takes no reports: ${dead[0]!.detail}; mend or replace it`, observation)
  const alive = reached.filter((contact) => contact.kind === 'reachable')
  if (alive.length === 0) return unknown(`no contact could be tried: ${listed([...new Set(reached.map((contact) => contact.detail))])}`, observation)
  if (!secure) return fails('there is no secure way to report: name a key (Encryption) or an https address', observation)
  return holds(`${alive.length} of ${reached.length} contact${reached.length === 1 ? '' : 's'} can be reached`, observation)
}

async function reach(visit: Visit, contact: string): Promise<Reach> {
  try {
    const url = URL.canParse(contact) ? new URL(contact) : undefined
    if (url?.protocol === 'https:') {
      const answer = await get(visit, url, 1024)
      if (answer.certificateFaults.length > 0) return { kind: 'dead', detail: answer.certificateFaults[0]! }
      if (answer.status >= 500) return { kind: 'untold', detail: `its server fails (status ${answer.status})` }
      // 401, 403 and 405 say that something is there and wants a person, or a POST.
      return answer.status === 404 || answer.status === 410 ? { kind: 'dead', detail: `it is not there (status ${answer.status})` } : { kind: 'reachable', detail: `status ${answer.status}` }
    }
    if (url?.protocol === 'mailto:') return await reachMail(visit, url)
    return { kind: 'untold', detail: 'it is no address that a machine can try' }
  } catch (error) {
    if (error instanceof ProbeError) return { kind: error.code === 'no-address' ? 'dead' : 'untold', detail: error.message }
    throw error
  }
}

/** RFC 5321 §5.1: mail goes to the MX of the domain, or without one to its address; RFC 7505: or to nobody. */
async function reachMail(visit: Visit, url: URL): Promise<Reach> {
  const domain = hostName(decodeURIComponentSafely(url.pathname).split('@').pop() ?? '')
  const { hosts, refusesMail } = await mailExchangers(visit.lookup, domain)
  if (refusesMail) return { kind: 'dead', detail: `${domain} declares that it takes no mail` }
  if (hosts.length > 0) return { kind: 'reachable', detail: `${domain} has mail servers` }
  const addresses = await visit.lookup.addresses(domain)
  return addresses.length > 0 ? { kind: 'reachable', detail: `${domain} takes mail at its own address` } : { kind: 'dead', detail: `${domain} has no mail server` }
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
