import type { Bundle, EntryBundle } from './bundle.ts'
import { toBase64 } from './bytes.ts'
import { formatVkey } from './log/note.ts'
import { verifyClaim } from './verification/claim.ts'
import { readBundle } from './verification/container.ts'
import { verifyEvidence } from './verification/evidence.ts'
import { verifyPage, type PageStanding, type ProvenClaim } from './verification/page.ts'
import { fresh, prove, type Progress, type Proven } from './verification/proven.ts'
import { isProof, isReceipt, verifyPromise, verifyReceipt } from './verification/receipt.ts'
import { Steps, type Report } from './verification/report.ts'
import { messageOf, type VerifyOptions } from './verification/trust.ts'
import { instant } from './claim/slots.ts'

export interface BundleOptions extends VerifyOptions {
  /** For a page: claims whose own bundles were verified, so that the page's states can be recomputed. */
  claims?: readonly ProvenClaim[]
}

/** A report, and what was proven on the way, for whoever builds on it. */
export interface Verification {
  report: Report & { page?: PageStanding }
  bundle?: Bundle
  proven?: Proven
}

/**
 * Verifies one bundle. Everything comes in as arguments: nothing is fetched, no clock is read.
 * It never throws for anything in `bytes`; it throws VerifyError for options that cannot be read (a bad `vkey`).
 */
export function verifyBundle(bytes: Uint8Array, options: BundleOptions): Verification['report'] {
  const verifying = verifySteps(bytes, options)
  for (;;) {
    const { done, value } = verifying.next()
    if (done) return value.report
  }
}

/** The same, one step at a time, for a page that shows each as it is taken. */
export function* verifySteps(bytes: Uint8Array, options: BundleOptions): Generator<Progress, Verification> {
  const steps = new Steps()
  let bundle: Bundle
  try {
    bundle = readBundle(bytes)
    steps.add('container', true, `${bytes.length} bytes, canonical, ${bundle.entries.length} entries`)
  } catch (error) {
    steps.add('container', false, messageOf(error))
    yield* fresh(steps)
    return { report: steps.report('') }
  }
  yield* fresh(steps)
  const proven = yield* prove(steps, bundle, options)
  if (!proven) return { report: steps.report(''), bundle }
  const { checkpoint, key } = proven
  const log = { origin: checkpoint.origin, size: checkpoint.size, root: toBase64(checkpoint.root), ...(key ? { vkey: formatVkey(key) } : {}) }
  const by = `${instant(proven.time.at)}${proven.time.source === 'cosignature' ? '' : ' (as the log itself says)'}`

  switch (bundle.type) {
    case 'vouchsafe/claim-bundle/v1': {
      const more = yield* verifyClaim(steps, bundle, proven, options.at)
      steps.notes.push('A bundle cannot show what was left out of it altogether: a second binding, a revoked key, the end of an attestation. Reading the whole log can.')
      const shown = `This shows that the company recorded these results by ${by} under these definitions, cannot change them unnoticed, and left out no slot.`
      return { report: steps.report(shown, { log, ...more }), bundle, proven }
    }
    case 'vouchsafe/page-bundle/v1': {
      const page = yield* verifyPage(steps, bundle, proven, options.claims ?? [])
      const shown = `This shows that the company showed these sentences with these states by ${by}, that the states follow from its log, and that it cannot change them unnoticed.`
      return { report: { ...steps.report(shown, { log }), ...(page ? { page } : {}) }, bundle, proven }
    }
    case 'vouchsafe/entry-bundle/v1': {
      verifyEntry(steps, bundle, proven)
      yield* fresh(steps)
      return { report: steps.report(`This shows that the company recorded this statement by ${by} and cannot change it unnoticed.`, { log }), bundle, proven }
    }
    case 'vouchsafe/evidence-bundle/v1': {
      yield* verifyEvidence(steps, bundle, proven)
      const shown = `This shows that the company committed to these observations by ${by}, and cannot exchange them for others.`
      return { report: steps.report(shown, { log }), bundle, proven }
    }
  }
}

function verifyEntry(steps: Steps, bundle: EntryBundle, proven: Proven): void {
  const entry = proven.statements.find(({ index }) => index === bundle.index)
  if (!entry) return void steps.add('entry', false, `entry ${bundle.index} is not in the bundle`)
  const { statement, signer } = entry
  steps.add('entry', true, `entry ${bundle.index} is a ${statement.kind} statement, signed as ${JSON.stringify(signer.role)}`)
}

/** Verifies a bundle, a proof or a receipt, by what the bytes say that they are. */
export function verifyBytes(bytes: Uint8Array, options: BundleOptions & { entry?: Uint8Array }): Verification['report'] {
  if (isProof(bytes)) return verifyReceipt(bytes, options.entry, options)
  if (isReceipt(bytes)) return verifyPromise(bytes, options)
  return verifyBundle(bytes, options)
}
