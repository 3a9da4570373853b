import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { PROBES } from '@vouchsafe/verify/probe'
import type { CheckReport, ProbeOptions } from '@vouchsafe/verify/probe'
import { findProgram } from './programs.ts'

/** What both programs can see of a server, in the same words; a key is missing where one of them did not look. */
export type Sight = Partial<Record<'SSL 2.0' | 'SSL 3.0' | 'TLS 1.0' | 'TLS 1.1' | 'TLS 1.2' | 'TLS 1.3' | 'no encryption' | 'anonymous' | 'export' | 'forward secrecy' | 'chain' | 'name' | 'dates' | 'sound hash' | 'HSTS', boolean>>

/** Runs testssl.sh with the given sections (`-p`, `-S` …) and reads its findings. It takes about a second a question. */
export async function sightOfTestssl(folder: string, host: string, port: number, authority: string, sections: readonly string[]): Promise<Sight> {
  const file = path.join(folder, `testssl-${port}.json`)
  const args = ['--quiet', '--warnings', 'batch', '--nodns', 'none', '--ip', '127.0.0.1', '--color', '0', '--connect-timeout', '10', '--openssl-timeout', '10', '--add-ca', authority, '--jsonfile', file, ...sections, `${host}:${port}`]
  // Its exit status is the number of its complaints; the file is what counts.
  await new Promise<void>((resolve) => execFile(findProgram('testssl')!, args, { timeout: 180_000 }, () => resolve()))
  if (!existsSync(file)) throw new Error('testssl.sh wrote no findings')
  const findings = JSON.parse(readFileSync(file, 'utf8')) as { id: string; finding: string }[]
  const sight: Sight = {}
  for (const { id, finding } of findings) {
    const offered = /^(offered|vulnerable)/.test(finding)
    switch (id) {
      case 'SSLv2': sight['SSL 2.0'] = offered; break
      case 'SSLv3': sight['SSL 3.0'] = offered; break
      case 'TLS1': sight['TLS 1.0'] = offered; break
      case 'TLS1_1': sight['TLS 1.1'] = offered; break
      case 'TLS1_2': sight['TLS 1.2'] = offered; break
      case 'TLS1_3': sight['TLS 1.3'] = offered; break
      case 'cipherlist_NULL': sight['no encryption'] = offered; break
      case 'cipherlist_aNULL': sight.anonymous = offered; break
      case 'cipherlist_EXPORT': sight.export = offered; break
      case 'PFS': case 'FS': sight['forward secrecy'] = offered; break
      // An expired certificate makes it call the whole chain failed; dates have a row of their own here.
      case 'cert_chain_of_trust': if (!/expired|not yet/i.test(finding)) sight.chain = finding.startsWith('passed'); break
      case 'cert_trust': sight.name = finding.startsWith('Ok via SAN'); break
      case 'cert_expirationStatus': sight.dates = !/expired|not yet/i.test(finding); break
      case 'cert_signatureAlgorithm': sight['sound hash'] = !/SHA1|MD5/.test(finding); break
      case 'HSTS': case 'HSTS_time': sight.HSTS = !finding.startsWith('not offered'); break
    }
  }
  return sight
}

/** The same things as our probe tells them. Unknown verdicts leave their key out. */
export async function sightOfProbe(host: string, port: number, options: ProbeOptions): Promise<Sight> {
  const target = { host, port, address: '127.0.0.1' }
  const report = async (id: string): Promise<CheckReport> => PROBES.find((probe) => probe.id === id)!.run(target, options)
  const sight: Sight = {}
  const versions = (await report('tls-versions')).observation as { versions: Record<string, string> }
  for (const [version, offered] of Object.entries(versions.versions)) if (offered !== 'unknown') sight[version as keyof Sight] = offered === 'accepted'
  const ciphers = (await report('tls-ciphers')).observation as { weak: { weakness: string }[]; forwardSecret: boolean }
  for (const kind of ['no encryption', 'anonymous', 'export'] as const) sight[kind] = ciphers.weak.some(({ weakness }) => weakness === kind)
  sight['forward secrecy'] = ciphers.forwardSecret
  for (const [key, id] of [['chain', 'certificate-chain'], ['name', 'certificate-name'], ['dates', 'certificate-validity'], ['sound hash', 'certificate-signature']] as const) {
    const { verdict } = await report(id)
    if (verdict !== 'unknown') sight[key] = verdict === 'holds'
  }
  const hsts = (await report('hsts')).observation as { header: string | null }
  sight.HSTS = hsts.header !== null
  return sight
}

/** Rows in which the two disagree, as text; and how many rows both told. */
export function compareSights(theirs: Sight, ours: Sight): { disagreements: string[]; rows: number } {
  const disagreements: string[] = []
  let rows = 0
  for (const key of Object.keys(theirs) as (keyof Sight)[]) {
    if (ours[key] === undefined) continue
    rows++
    if (ours[key] !== theirs[key]) disagreements.push(`${key}: testssl.sh says ${theirs[key]}, the probe ${ours[key]}`)
  }
  return { disagreements, rows }
}
