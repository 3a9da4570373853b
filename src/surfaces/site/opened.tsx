import { claimPath, Parts } from './note.tsx'
import { TargetHistory } from './history.tsx'
import { inForce, isHeldBack, knownBy, weakestBacking } from './known.ts'
import { STATE_WORDS } from './mark.tsx'
import type { BackingView, ClaimView, SiteView } from './view.ts'
import { cadenceWords, countWords, durationWords, numberWords, When } from './when.tsx'
import type { VerifyAssets } from './assets.ts'

interface OpenedProps {
  claim: ClaimView
  site: SiteView
  verify: VerifyAssets
  /** On the claim's own page: everything. Within the policy: what fits there. */
  full: boolean
}

/** A statement, opened: a card with what is known, and in the margin what it rests on and who vouches. */
export function Opened({ claim, site, verify, full }: OpenedProps) {
  return (
    <div class="opened">
      <div class="card">
        <HowItIsKnown claim={claim} site={site} full={full} />
        {full && <Suggestion claim={claim} site={site} />}
        <VerifyHere claim={claim} site={site} verify={verify} full={full} />
        <Meaning claim={claim} site={site} />
      </div>
      <RestsOn claim={claim} site={site} />
    </div>
  )
}

function HowItIsKnown({ claim, site, full }: Omit<OpenedProps, 'verify'>) {
  const known = knownBy(claim, site.at)
  const held = isHeldBack(claim, site.at)
  const backed = claim.backings.length + claim.attestations.length > 0
  // A check's own summary says the same at more length, below.
  const repeats = !held && claim.note === undefined && weakestBacking(claim)?.summary !== undefined && (claim.state === 'unknown' || claim.state === 'broken')
  return (
    <>
      <p class="label">How it is known</p>
      {/* On the claim's own page the margin has just said it. */}
      {!backed || held || (!full && claim.state !== 'checked' && claim.state !== 'attested' && !repeats) ? (
        <p>
          <strong class={`is-${claim.state}`}>{known.lead}</strong>
          <Parts parts={known.parts} now={site.at} />
        </p>
      ) : null}
      {/* INVARIANT: while details of a failure are held back, no summary or history of the failing check is shown. */}
      {!held && claim.backings.map((backing) => <Backing backing={backing} site={site} full={full} titled={full || repeats || claim.backings.length > 1} />)}
      {claim.attestations.map((attestation) => (
        <p>
          Attested by <strong>{attestation.role}</strong> with their own key on <When at={attestation.from} now={site.at} as="day" />, {attestation.until <= site.at ? 'ended on' : 'good until'}{' '}
          <When at={attestation.until} now={site.at} as="day" />
          {attestation.entry !== undefined && (
            <>
              {' '}
              (<Entry entry={attestation.entry} />)
            </>
          )}
          .
        </p>
      ))}
    </>
  )
}

function Backing({ backing, site, full, titled }: { backing: BackingView; site: SiteView; full: boolean; titled: boolean }) {
  const missing = backing.slots.notRun
  return (
    <div class="backing">
      {titled && (
        <p class="backing-title">
          <strong>{backing.title}</strong> <span class={`is-${backing.state}`}>{STATE_WORDS[backing.state]}</span>
        </p>
      )}
      {backing.summary !== undefined && <p>{backing.summary}</p>}
      {full && <p class="soft">{backing.method}</p>}
      <TargetHistory backing={backing} all={full} />
      <p class="soft">
        {backing.observedAt === undefined ? (
          'Not observed yet. '
        ) : (
          <>
            Observed <When at={backing.observedAt} now={site.at} as={full ? 'exact' : 'ago'} />
            {full && backing.recordedAt !== undefined && (
              <>
                , recorded <When at={backing.recordedAt} now={site.at} as="clock" />
              </>
            )}
            {backing.entry !== undefined && (
              <>
                {', '}
                <Entry entry={backing.entry} />
              </>
            )}
            {'. '}
          </>
        )}
        Due {cadenceWords(backing.cadenceSeconds)}, fresh for {durationWords(backing.freshnessSeconds)}.{' '}
        {backing.slots.due === 0
          ? 'No slot was due yet.'
          : `${capital(countWords(backing.slots.due, 'slot was', 'slots were'))} due; ${backing.slots.shown < backing.slots.due ? `of the newest ${numberWords(backing.slots.shown)} ` : ''}${missing === 0 ? 'each has its result' : `${countWords(missing, 'was', 'were')} not run`}.`}
        {backing.bindingEntry !== undefined && (
          <>
            {' '}
            Defined in <Entry entry={backing.bindingEntry} />.
          </>
        )}
      </p>
    </div>
  )
}

function Entry({ entry }: { entry: number }) {
  return (
    <a class="entry" href={`/log/entry/${entry}`}>
      entry {numberWords(entry)}
    </a>
  )
}

function VerifyHere({ claim, site, verify, full }: OpenedProps) {
  const bundle = `${claimPath(claim.id)}/bundle`
  const recheck = claim.backings.find((backing) => backing.recheck !== undefined)?.recheck
  // The verifier reads them from here; without them it can only try the page's own host.
  const targets = [...new Set(claim.backings.flatMap((backing) => backing.recheckTargets ?? []))]
  return (
    <>
      {/* The verifier's script enhances this. It reports a key that it knows from here alone as not known, never as good. */}
      <section
        class="verify"
        {...(full ? { 'aria-label': 'Verify this statement' } : {})}
        data-verify=""
        data-bundle={bundle}
        data-vkey={site.log.vkey}
        {...(verify.offline === undefined ? {} : { 'data-offline': verify.offline.href, 'data-offline-digest': verify.offline.digest })}
      >
        <p class="actions">
          <a class="button" href={bundle} download={`${claim.id}.bundle.json`}>
            Evidence
          </a>
          {full ? (
            <a class="plain" href="/verify">How to verify it without trusting this page</a>
          ) : (
            <a class="plain" href={claimPath(claim.id)}>The whole statement</a>
          )}
        </p>
      </section>
      {(full || recheck !== undefined) && (
        <div class="command" {...(full ? { id: 'recheck' } : {})}>
          <p class="label">{recheck === undefined ? 'Verify from your machine' : 'Recheck from your machine'}</p>
          <code>{recheck ?? `vouchsafe verify ${siteAddress(site)}${claimPath(claim.id)}`}</code>
          {targets.length > 0 && (
            <p class="soft">
              Hosts: {targets.map((target, k) => <>{k > 0 && ', '}<span data-recheck-claim={claim.id} data-recheck-target={target}>{target}</span></>)}
            </p>
          )}
        </div>
      )}
    </>
  )
}

/** What the evidence shows, and what it does not: on every opened statement. */
function Meaning({ claim, site }: { claim: ClaimView; site: SiteView }) {
  const recorded = claim.backings.flatMap((backing) => (backing.recordedAt === undefined ? [] : [backing.recordedAt])).toSorted((a, b) => b.getTime() - a.getTime())[0]
  if (recorded === undefined && claim.attestations.length === 0)
    return <p class="meaning">There is no recorded result behind this sentence: it rests on our word alone.</p>
  if (recorded === undefined)
    return <p class="meaning">This shows that a named role said so with its own key, when, and until when, and that we cannot alter it unnoticed. It does not show that it is true.</p>
  return (
    <p class="meaning">
      This shows that we recorded this result by <When at={recorded} now={site.at} as="clock" /> under this definition, cannot alter it unnoticed, and left out no slot.
      It does not show that our software observed honestly, or that every system we have is declared.
    </p>
  )
}

function RestsOn({ claim, site }: { claim: ClaimView; site: SiteView }) {
  const software = claim.backings.length > 0
  const recheckable = claim.backings.some((backing) => backing.vouching === 'recheckable')
  const observers = claim.backings.flatMap((backing) => backing.observers)
  const lastObserved = observers.map((observer) => observer.at).toSorted((a, b) => b.getTime() - a.getTime())[0]
  // Who attested something that has ended does not vouch any more; nor does anybody's word for a negative sentence.
  const vouching = claim.strength === 'negative' ? [] : inForce(claim, site.at)
  const names = new Set(observers.map((observer) => observer.name))
  return (
    <div class="rests">
      <p class="rests-head">Rests on</p>
      {claim.controls.length === 0 ? (
        <p>no control yet</p>
      ) : (
        claim.controls.map((control) => (
          <p>
            <span class="control" title={control.title}>{control.id}</span>
            {control.requirements.length > 0 && <span class="requirements">{control.requirements.join(' · ')}</span>}
          </p>
        ))
      )}
      <p class="rests-head">Vouched for by</p>
      <ul role="list">
        {software && <li>our software</li>}
        {recheckable && <li>you, by recheck</li>}
        {names.size > 0 && lastObserved !== undefined && (
          <li>
            {countWords(names.size, 'outside observer')}, <When at={lastObserved} now={site.at} />
          </li>
        )}
        {vouching.map((attestation) => <li>{attestation.role}</li>)}
        {!software && vouching.length === 0 && <li>nobody yet</li>}
      </ul>
    </div>
  )
}

/** Advice on wording is for whoever drafts the page; a published page does not argue with itself. */
function Suggestion({ claim, site }: { claim: ClaimView; site: SiteView }) {
  if (claim.suggestion === undefined || site.status !== 'preview') return null
  return (
    <div class="suggestion">
      <p class="label">A wording that could be checked</p>
      <p>
        “{claim.suggestion.wording}” It would need the check <code>{claim.suggestion.check}</code>.
      </p>
      <p class="soft">Shown in the preview only.</p>
    </div>
  )
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Where a reader reaches this site, for commands they copy. */
export const siteAddress = (site: SiteView): string => site.publicUrl ?? site.localUrl ?? 'http://localhost:7443'
