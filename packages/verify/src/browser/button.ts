import { textOf } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import { parseCheckpoint } from '../log/checkpoint.ts'
import { judgeVisit, verifyNewest } from '../remote/visit.ts'
import { MAX_BUNDLE_BYTES } from '../verification/container.ts'
import { DOES_NOT_SHOW, Steps, type Report } from '../verification/report.ts'
import { judgeCheckpoint, memoryOf, messageOf, type VerifyOptions } from '../verification/trust.ts'
import { keep, recall, shownHere } from './memory.ts'
import { breathe, element, View } from './view.ts'

/**
 * Enhances `<section data-verify data-bundle="…" data-vkey="…" data-offline="…" data-offline-digest="…">`: a button
 * that fetches the bundle, verifies it here, and shows each step. Without scripts the section's links remain.
 */
for (const section of document.querySelectorAll<HTMLElement>('section[data-verify]')) enhance(section)

function enhance(section: HTMLElement): void {
  const { bundle } = section.dataset
  if (bundle === undefined) return
  const button = element('button', 'verify-button', 'Verify in this browser')
  button.type = 'button'
  const place = section.querySelector('.actions') ?? section
  place.prepend(button)
  let view: View | undefined
  button.addEventListener('click', () => {
    view ??= new View(section)
    view.clear()
    button.disabled = true
    section.setAttribute('aria-busy', 'true')
    void run(section, bundle, view).finally(() => {
      button.disabled = false
      button.textContent = 'Verify again'
      section.removeAttribute('aria-busy')
    })
  })
}

async function run(section: HTMLElement, bundle: string, view: View): Promise<void> {
  try {
    view.say('Fetching …')
    view.end(await verify(section, bundle, view))
  } catch (error) {
    const silent = error instanceof VerifyError && error.code === 'unreachable'
    view.step({ name: 'container', ok: silent ? 'unknown' : false, detail: messageOf(error) })
    view.end({ outcome: silent ? 'could-not-tell' : 'found', shows: 'Nothing was shown.', doesNotShow: DOES_NOT_SHOW, notes: [] })
  }
  view.add(...caveat(section))
}

async function verify(section: HTMLElement, bundle: string, view: View): Promise<Report> {
  const at = Date.now()
  const head = await read('/log/checkpoint', 1_000_000)
  const bytes = await read(bundle, MAX_BUNDLE_BYTES)
  const note = textOf(head)
  const checkpoint = parseCheckpoint(note)
  const remembered = recall(checkpoint.origin)
  const { vkey: pageVkey } = section.dataset
  const trust: VerifyOptions = { at, ...(pageVkey === undefined ? {} : { pageVkey }), memory: (origin) => (origin === checkpoint.origin ? remembered : undefined) }

  const steps = new Steps()
  const trusted = judgeCheckpoint(steps, note, trust)
  const lastVisit = trusted && (await judgeVisit(trusted, shownHere(), read, at))
  if (!trusted || !lastVisit || lastVisit.ok === false) {
    if (lastVisit) steps.taken.push(lastVisit)
    for (const step of steps.taken) view.step(step)
    return steps.report('')
  }
  const verifying = verifyNewest(bytes, { head: checkpoint, lastVisit, trust, read })
  for (;;) {
    const { done, value } = await verifying.next()
    if (!done) {
      view.progress(value)
      await breathe()
      continue
    }
    const { report } = value
    const memory = report.outcome === 'found' ? undefined : memoryOf(trusted, at)
    if (memory) keep(memory)
    return report
  }
}

/** From this site only, and no more than so many bytes. */
async function read(path: string, maxBytes: number): Promise<Uint8Array> {
  const url = new URL(path, location.href)
  if (url.origin !== location.origin) throw new VerifyError('untrusted', `${url.origin} is another site`)
  let response: Response
  try {
    response = await fetch(url, { redirect: 'error', credentials: 'omit', cache: 'no-cache', signal: AbortSignal.timeout(30_000) })
  } catch (cause) {
    throw new VerifyError('unreachable', `${url.pathname}: no answer`, { cause })
  }
  if (!response.ok) throw new VerifyError('unreachable', `${url.pathname} answered ${response.status}`)
  const parts: Uint8Array[] = []
  let length = 0
  const reader = response.body?.getReader()
  for (;;) {
    const part = await reader?.read()
    if (!part || part.done) break
    length += part.value.length
    if (length > maxBytes) {
      await reader?.cancel()
      throw new VerifyError('too-large', `${url.pathname} is larger than ${maxBytes} bytes`)
    }
    parts.push(part.value)
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer())
}

/** What a button in a page cannot be: independent of the page. */
function caveat(section: HTMLElement): Node[] {
  const text = element('p', 'verify-caveat', "This button runs the page's own code: it finds mistakes and damage, not a company that lies to you. ")
  const { offline, offlineDigest } = section.dataset
  if (offline === undefined) return [text]
  const link = element('a', 'verify-offline', 'The same verifier as one offline file')
  link.href = offline
  link.setAttribute('download', 'vouchsafe-verify.html')
  text.append(link)
  if (offlineDigest === undefined) return [text]
  text.append(', SHA-256 ', element('code', 'verify-digest', offlineDigest))
  return [text, element('p', 'verify-caveat', 'Compare that digest with one from elsewhere: a release of Vouchsafe names it.')]
}
