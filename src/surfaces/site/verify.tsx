import type { SiteAssets } from './assets.ts'
import { renderFrame } from './layout.tsx'
import { siteAddress } from './opened.tsx'
import { type Rendered, htmlPage } from './respond.ts'
import type { SiteView } from './view.ts'
import { dayWords, numberWords, When } from './when.tsx'

export interface VerifyPageView {
  site: SiteView
  /** Slug of the page that `/` shows. */
  slug: string
}

/** How a stranger verifies, and what that shows and does not: `/verify`. */
export function verifyPage({ site, slug }: VerifyPageView, assets: SiteAssets): Rendered {
  const { log } = site
  const address = siteAddress(site)
  const { offline } = assets.verify
  const bundle = `/policies/${encodeURIComponent(slug)}/bundle`
  return htmlPage(200, renderFrame({
    site,
    assets,
    path: '/verify',
    title: 'Verify this page',
    description: 'What verification shows, what it does not show, and how to do it without trusting us.',
    bundle,
    verifies: true,
    children: (
      <article class="plainpage">
        <h1>Verify this page</h1>
        <p class="lede">Each mark on our page comes from an entry in a log that we can add to and cannot change unnoticed. You can check all of it, from your own machine, with software that does not come from us.</p>

        <h2>What it shows</h2>
        <ul class="steps">
          <li>We recorded this result, by that time, under that definition, for exactly this sentence.</li>
          <li>We cannot alter or remove it unnoticed: witnesses sign what they have seen of our log, and your own verifier remembers it.</li>
          <li>No run was left out. Each check has numbered times at which it is due, and each of them has one entry, even when the check did not run.</li>
          <li>The state beside each sentence follows from these entries by one published function, which you compute again.</li>
        </ul>

        <h2>What it does not show</h2>
        <ul class="steps">
          <li>That our software observed honestly. Where a stranger can run the same probe, the note says <em>recheck it</em>: do.</li>
          <li>That every system we have is among the declared ones. The entries say how many were declared, not how many exist.</li>
          <li>That an attestation is true. It shows which role said so, and until when.</li>
        </ul>

        <h2>From your own machine</h2>
        <p>Needs no account and nothing of ours but the addresses it reads.</p>
        <div class="command"><code>vouchsafe verify {address}</code></div>
        <p class="soft">Add <code>--recheck</code> to run the probes as well, and <code>--witness-policy FILE</code> to say whom you trust. It remembers the last checkpoint it saw, and says so if the log was forked or rolled back.</p>

        <h2>Without a connection</h2>
        {offline === undefined ? (
          <p>This installation does not serve the offline verifier. Take it from a release of Vouchsafe, and drop a bundle on it.</p>
        ) : (
          <>
            <p>
              <a href={offline.href} download="vouchsafe-verify.html">The verifier as one file</a> ({numberWords(Math.ceil(offline.sizeBytes / 1024))} KB). Open it from disk and drop the <a href={bundle} download={`${slug}.bundle.json`}>bundle of this page</a>, or of a statement, on it.
            </p>
            <dl class="facts">
              <dt>SHA-256 of the file</dt>
              <dd><code>{offline.digest}</code></dd>
            </dl>
            <p class="soft">Compare the digest with one that you did not get from us: a release of Vouchsafe names it.</p>
          </>
        )}

        <h2>In this browser</h2>
        <p>The button below runs this page’s own code. It finds mistakes and damage; against a company that lies to you, use one of the ways above.</p>
        <section
          class="verify"
          aria-label="Verify this page in the browser"
          data-verify=""
          data-bundle={bundle}
          data-vkey={log.vkey}
          {...(offline === undefined ? {} : { 'data-offline': offline.href, 'data-offline-digest': offline.digest })}
        >
          <p class="actions">
            <a class="button" href={bundle} download={`${slug}.bundle.json`}>Download the evidence</a>
          </p>
        </section>

        <h2 id="log">The log</h2>
        <dl class="facts">
          <dt>Origin</dt>
          <dd><code>{log.origin}</code></dd>
          <dt>Key</dt>
          <dd>
            <code>{log.vkey}</code> Take it from DNS or from somebody who has seen it before, not from here alone.
          </dd>
          <dt>Entries</dt>
          <dd>
            {numberWords(log.size)}, since {dayWords(log.since)}
            {log.checkpointAt !== undefined && <>; <a href="/log/checkpoint">newest checkpoint</a> <When at={log.checkpointAt} now={site.at} /></>}
          </dd>
          <dt>Witnesses</dt>
          {log.witnesses.length === 0 ? (
            <dd>None yet. Until somebody else signs our checkpoints, only readers who come back can notice a rewritten log.</dd>
          ) : (
            log.witnesses.map((witness) => (
              <dd>
                <code>{witness.name}</code>, run by {witness.operator === 'own' ? 'us, which adds little' : 'somebody else'},{' '}
                {witness.lastAt === undefined ? 'no signature yet' : <>last signed <When at={witness.lastAt} now={site.at} /></>}
              </dd>
            ))
          )}
        </dl>
      </article>
    ),
  }))
}
