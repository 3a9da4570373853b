import type { SiteAssets } from './assets.ts'
import { renderFrame } from './layout.tsx'
import { type Rendered, htmlPage } from './respond.ts'
import type { DiffView } from './view.ts'
import { countWords } from './when.tsx'

type Line = DiffView['lines'][number]

/** What changed between two versions, sentence by sentence: `/policies/<slug>/versions/<a>..<b>`. */
export function diffPage(view: DiffView, assets: SiteAssets): Rendered {
  const base = `/policies/${encodeURIComponent(view.slug)}`
  const count = (kind: Line['kind']): number => view.lines.filter((line) => line.kind === kind).length
  const weakened = view.lines.filter((line) => line.weakened === true).length
  return htmlPage(200, renderFrame({
    site: view.site,
    assets,
    path: `${base}/versions/${view.from}..${view.to}`,
    title: `${view.title}: what changed from version ${view.from} to ${view.to}`,
    children: (
      <div>
        <p class="crumbs">
          <a href={base}>{view.title}</a> › <a href={`${base}/versions`}>versions</a>
        </p>
        <div class="plainpage">
          <h1>
            Version {view.from} to version {view.to}
          </h1>
          <p class="lede">
            {capital(countWords(count('added'), 'sentence'))} added, {countWords(count('removed'), 'sentence')} removed, {countWords(count('changed'), 'sentence')} changed
            {weakened > 0 && <>; <strong>{countWords(weakened, 'promise')} made weaker</strong></>}.
          </p>
        </div>
        <ol role="list" class="changes">
          {runsOf(view.lines).map((run) => (run.length > 0 && run[0]?.kind === 'same' ? <Same lines={run} /> : run.map((line) => <Changed line={line} />)))}
        </ol>
      </div>
    ),
  }))
}

/** Consecutive unchanged sentences together; each change by itself. */
function runsOf(lines: readonly Line[]): Line[][] {
  const runs: Line[][] = []
  for (const line of lines) {
    const last = runs.at(-1)
    if (line.kind === 'same' && last?.[0]?.kind === 'same') last.push(line)
    else runs.push([line])
  }
  return runs
}

function Same({ lines }: { lines: readonly Line[] }) {
  return (
    <li class="same">
      <details>
        <summary>{countWords(lines.length, 'sentence')} unchanged</summary>
        {lines.map((line) => <p>{line.after ?? line.before}</p>)}
      </details>
    </li>
  )
}

const SIGNS = { added: '+', removed: '−', changed: '~', same: '' } as const

function Changed({ line }: { line: Line }) {
  return (
    <li class={line.kind}>
      <span class="sort" aria-hidden="true">{SIGNS[line.kind]}</span>
      <span class="hidden">{line.kind}: </span>
      {line.before !== undefined && <p class="say"><del>{line.before}</del></p>}
      {line.after !== undefined && <p class="say"><ins>{line.after}</ins></p>}
      {line.weakened === true && <p class="weaker">A weaker promise than before</p>}
    </li>
  )
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
