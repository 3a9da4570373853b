import { readFile, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { importReport, readClaims, reportJsonl, reportText, type ImportReport } from '#core/claim'
import { VouchsafeError } from '#core/errors'
import { fetchPage, LARGEST_PAGE_BYTES, readPolicy } from '#core/policy'
import { DATA, dataFolder, operatorClient } from './client.ts'
import { defineCommand, FORMAT, json, requireFormat } from './command.ts'

interface SavedDraft {
  version: { slug: string; number: number; title: string }
  fresh: boolean
}

export const importCommand = defineCommand({
  name: 'import',
  summary: 'Read a security page into claims, controls, gaps and contradictions.',
  usage: `FILE|URL|- [--save] [--slug NAME] [--as NAME] [--format text|json|jsonl] [--allow-private] [--data DIR]

  --save           make it the draft policy of the running installation
  --slug NAME      the policy's address (default: from its title)
  --as NAME        who does this, for the audit
  --format         text for people; json; jsonl: a line a sentence
  --allow-private  let a URL lead into a private network`,
  options: { ...FORMAT, ...DATA, save: { type: 'boolean' }, slug: { type: 'string' }, as: { type: 'string' }, 'allow-private': { type: 'boolean' } },
  least: 1,
  async run({ values, words, terminal }) {
    const format = requireFormat(values.format, ['text', 'json', 'jsonl'])
    const page = await readPage(words[0]!, terminal, values['allow-private'] === true)
    const document = readPolicy(page.bytes, page.hint)
    const report: ImportReport = importReport(document, readClaims(document))
    terminal.out(format === 'jsonl' ? reportJsonl(report) : format === 'json' ? json(report) : reportText(report))
    if (values.save) {
      const client = operatorClient(dataFolder(values.data, terminal), values.as)
      const query = new URLSearchParams({ save: 'true', name: page.hint.name, ...(values.slug === undefined ? {} : { slug: values.slug }) })
      const { version, fresh } = await client.sendBytes<SavedDraft>(`/policies/import?${query.toString()}`, page.bytes)
      terminal.err(
        fresh
          ? `Saved as draft: ${version.slug}, version ${version.number}.\nNext: vouchsafe policy dry-run ${version.slug}, then vouchsafe policy approve ${version.slug} --as "Your Name"\n`
          : `Nothing new: ${version.slug}, version ${version.number}, has the same bytes.\n`,
      )
    }
    return 0
  },
})

async function readPage(from: string, terminal: { cwd: string; stdin(): Promise<Uint8Array> }, allowPrivate: boolean): Promise<{ bytes: Uint8Array; hint: { name: string; mediaType?: string } }> {
  if (from === '-') return { bytes: await terminal.stdin(), hint: { name: 'stdin' } }
  if (/^https?:\/\//.test(from)) {
    const { bytes, ...hint } = await fetchPage(from, { allowPrivate })
    return { bytes, hint }
  }
  const file = resolve(terminal.cwd, from)
  const found = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    throw new VouchsafeError('not-found', `${from} cannot be read (${cause.code}).`, { mend: 'Check the name of the file, and that you may read it.', cause })
  })
  if (!found.isFile()) throw new VouchsafeError('bad-input', `${from} is not a file.`, { mend: 'Give the page itself: a Markdown, MDX, HTML or text file.' })
  // Told from its size alone, before a byte of it is in memory.
  if (found.size > LARGEST_PAGE_BYTES) throw new VouchsafeError('too-large', `${from} has ${found.size} bytes; a page has at most ${LARGEST_PAGE_BYTES}.`, { mend: 'Give the page alone, without images or other documents in it.' })
  return { bytes: await readFile(file), hint: { name: basename(file) } }
}
