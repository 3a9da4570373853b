import { VerifyError } from '../errors.ts'
import { parseCanonical } from '../canonical.ts'
import { parseVkey } from '../log/note.ts'
import { parseWitnessPolicy } from '../log/witness-policy.ts'
import { verifySteps } from '../verify.ts'
import { MAX_BUNDLE_BYTES } from '../verification/container.ts'
import type { ProvenClaim } from '../verification/page.ts'
import { isProof, isReceipt, verifyPromise, verifyReceipt } from '../verification/receipt.ts'
import { DOES_NOT_SHOW } from '../verification/report.ts'
import { messageOf, type VerifyOptions } from '../verification/trust.ts'
import { breathe, element, View } from './view.ts'

/** The offline file: bundles are dropped on it, nothing is fetched, and nothing is remembered. */
const input = document.querySelector<HTMLInputElement>('#files')
const drop = document.querySelector<HTMLElement>('#drop')
const vkey = document.querySelector<HTMLInputElement>('#vkey')
const policy = document.querySelector<HTMLTextAreaElement>('#policy')
const results = document.querySelector<HTMLElement>('#results')
if (!input || !drop || !vkey || !policy || !results) throw new Error('the page is incomplete')

let files: File[] = []
let turn = 0

input.addEventListener('change', () => {
  files = [...(input.files ?? [])]
  void run()
})
for (const control of [vkey, policy]) control.addEventListener('change', () => void run())
for (const kind of ['dragover', 'dragenter'] as const)
  document.addEventListener(kind, (event) => {
    event.preventDefault()
    drop.classList.add('over')
  })
document.addEventListener('dragleave', () => drop.classList.remove('over'))
document.addEventListener('drop', (event) => {
  event.preventDefault()
  drop.classList.remove('over')
  files = [...(event.dataTransfer?.files ?? [])]
  void run()
})

/** Claims first, so that a page dropped with them can have its states recomputed. */
async function run(): Promise<void> {
  if (files.length === 0 || !results || !vkey || !policy) return
  const mine = ++turn
  results.replaceChildren()
  let trust: VerifyOptions
  try {
    trust = trustOf(vkey.value.trim(), policy.value)
  } catch (error) {
    results.append(element('p', 'verify-status verify-bad', messageOf(error)))
    return
  }
  const read: { name: string; bytes: Uint8Array }[] = []
  for (const file of files) {
    if (file.size > MAX_BUNDLE_BYTES) results.append(element('p', 'verify-status verify-bad', `${file.name}: larger than any bundle`))
    else read.push({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })
  }
  const entry = read.find(({ bytes }) => isEntry(bytes))
  const order = read.filter((one) => one !== entry).sort((a, b) => Number(isPage(a.bytes)) - Number(isPage(b.bytes)))
  if (entry && order.length === 0) results.append(element('p', 'verify-status verify-unknown', `${entry.name} is an entry alone: drop the proof of it too.`))
  const claims: ProvenClaim[] = []
  for (const { name, bytes } of order) {
    if (mine !== turn) return // other files were dropped meanwhile
    await judge(name, bytes, trust, claims, entry?.bytes)
  }
}

async function judge(name: string, bytes: Uint8Array, trust: VerifyOptions, claims: ProvenClaim[], entry: Uint8Array | undefined): Promise<void> {
  const section = element('section', 'result')
  section.append(element('h2', '', name))
  results?.append(section)
  const view = new View(section)
  view.say('Verifying …')
  try {
    if (isProof(bytes) || isReceipt(bytes)) {
      const report = isProof(bytes) ? verifyReceipt(bytes, entry, trust) : verifyPromise(bytes, trust)
      for (const step of report.steps) view.step(step)
      return view.end(report)
    }
    const verifying = verifySteps(bytes, { ...trust, claims })
    for (;;) {
      const { done, value } = verifying.next()
      if (!done) {
        view.progress(value)
        await breathe()
        continue
      }
      const { report, bundle, proven } = value
      if (bundle?.type === 'vouchsafe/claim-bundle/v1' && proven) claims.push({ claim: bundle.claim, proven })
      if (report.state) section.insertBefore(element('blockquote', '', report.state.text), section.children[1] ?? null)
      return view.end(report)
    }
  } catch (error) {
    view.step({ name: 'container', ok: false, detail: messageOf(error) })
    view.end({ outcome: 'found', shows: 'Nothing was shown.', doesNotShow: DOES_NOT_SHOW, notes: [] })
  }
}

/** @throws VerifyError for what cannot be read */
function trustOf(key: string, policyText: string): VerifyOptions {
  if (key !== '') parseVkey(key)
  try {
    return { at: Date.now(), ...(key === '' ? {} : { vkey: key }), ...(policyText.trim() === '' ? {} : { policy: parseWitnessPolicy(policyText) }) }
  } catch (cause) {
    throw new VerifyError('malformed', `the witness policy: ${messageOf(cause)}`, { cause })
  }
}

const isPage = (bytes: Uint8Array): boolean => textStart(bytes).includes('"vouchsafe/page-bundle/v1"') || bytesEnd(bytes).includes('"vouchsafe/page-bundle/v1"')
const textStart = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(0, 200))
const bytesEnd = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(-200))

function isEntry(bytes: Uint8Array): boolean {
  if (bytes.length > 10_000_000 || !/^\{"(?:class|envelope)"/.test(textStart(bytes))) return false
  try {
    const names = Object.keys(parseCanonical(bytes) as object).join()
    return names === 'envelope,index,leaf,salt' || names === 'class,index,leaf'
  } catch {
    return false
  }
}
