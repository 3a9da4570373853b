import { STATE_WORDS, STATES } from './mark.tsx'
import { type Rendered, textPage } from './respond.ts'
import type { PageView } from './view.ts'
import { machineWords } from './when.tsx'

/** `/llms.txt` (llmstxt.org): what is here, for programs that read for people. */
export function llmsText(page: PageView): Rendered {
  const { policy, site } = page
  const base = site.publicUrl ?? ''
  const address = `${base}/policies/${encodeURIComponent(policy.slug)}`
  const states = STATES.filter((state) => page.counts[state] > 0).map((state) => `${page.counts[state]} ${STATE_WORDS[state]}`).join(', ')
  return textPage('text/plain', [
    `# ${line(site.organisation.name)}: ${line(policy.title)}`,
    '',
    `> ${line(policy.description ?? 'A security page on which every sentence shows how it is known.')}`,
    '',
    `Version ${policy.version}${site.status === 'preview' ? ' (a preview, not published)' : ''}. ${page.claims.length} statements${states === '' ? '' : `: ${states}`}, at ${machineWords(site.at)}.`,
    'Quote a statement together with its state and the moment it was observed. "Not backed", "stale", "unknown" and "cannot be checked" do not mean that it holds.',
    '',
    '## Policy',
    '',
    `- [${bracketed(policy.title)}](${address}.md): the text with the state of each statement, as Markdown`,
    `- [Versions](${address}/versions): what changed, and when`,
    '',
    '## Evidence',
    '',
    `- [How to verify](${base}/verify): what verification shows, and what it does not`,
    `- [Bundle of the page](${address}/bundle): signed statements and proofs`,
    `- [Log checkpoint](${base}/log/checkpoint): signed, with cosignatures`,
    ...(site.navigation.length === 0 ? [] : ['', '## More', '', ...site.navigation.map((item) => `- [${bracketed(item.title)}](${item.href.startsWith('/') ? base : ''}${item.href.replace(/[\s()<>]/g, encodeURIComponent)})`)]),
    '',
  ].join('\n'))
}

// A name with a line break in it would otherwise begin a line of its own.
const line = (text: string): string => text.replace(/\s+/g, ' ').trim()
const bracketed = (text: string): string => line(text).replace(/[[\]\\]/g, '\\$&')
