import { type Block, type Inline, safeHref } from '#core/policy'
import type { Section } from './contents.ts'
import { Mark, STATE_WORDS } from './mark.tsx'
import { CellNote, Note } from './note.tsx'
import { Opened } from './opened.tsx'
import { type Placement, segmentsOf } from './placement.ts'
import type { VerifyAssets } from './assets.ts'
import type { ClaimView, SiteView } from './view.ts'

/** What the setting of a policy needs to know besides its blocks. */
export interface Setting {
  site: SiteView
  verify: VerifyAssets
  placement: Placement
  sections: ReadonlyMap<Block, Section>
  /** Where each footnote of the policy stands, by its label. */
  footnotes: ReadonlyMap<string, string>
  /** Claims set so far. A claim whose words are found in two blocks is marked at the first. */
  seen: Set<string>
}

/**
 * The policy as HTML, claims marked. INVARIANT: everything goes through JSX, which escapes it; the tree carries no
 * markup and no attribute but a link target, and that is checked again here.
 */
export function Prose({ blocks, setting, depth = 0 }: { blocks: readonly Block[]; setting: Setting; depth?: number }) {
  return (
    <>
      {blocks.map((block) => (
        <BlockOf block={block} setting={setting} depth={depth} />
      ))}
    </>
  )
}

interface BlockProps<K extends Block['kind'] = Block['kind']> {
  block: Extract<Block, { kind: K }>
  setting: Setting
  depth: number
}

function BlockOf({ block, setting, depth }: BlockProps) {
  switch (block.kind) {
    case 'heading': {
      const section = setting.sections.get(block)
      if (section === undefined) return depth === 0 ? null : <p class="say minor-heading"><Inlines inlines={block.children} setting={setting} /></p>
      const Level = `h${section.level}` as 'h2'
      return <Level id={section.id}><Inlines inlines={block.children} setting={setting} /></Level>
    }
    case 'paragraph':
      return (
        <div class={block.footnote === undefined ? 'para' : 'para footnote'} {...footnoteId(block.footnote, setting)}>
          <Rows inlines={block.children} setting={setting} depth={depth} bullet={block.footnote === undefined ? undefined : `[${block.footnote}]`} />
        </div>
      )
    case 'list': {
      const items = block.items.map((item, k) => (
        <li>
          <Item blocks={item} setting={setting} depth={depth + 1} bullet={block.ordered ? `${(block.first ?? 1) + k}.` : '•'} />
        </li>
      ))
      return block.ordered ? <ol role="list" start={block.first ?? 1}>{items}</ol> : <ul role="list">{items}</ul>
    }
    case 'table':
      return <Table block={block} setting={setting} depth={depth} />
    case 'quote':
      return <blockquote class="set-in"><Prose blocks={block.children} setting={setting} depth={depth} /></blockquote>
    case 'admonition':
      return (
        <div class="set-in notice" role="note">
          <p class="label tone">{block.tone}</p>
          <Prose blocks={block.children} setting={setting} depth={depth} />
        </div>
      )
    case 'code':
      return (
        <pre tabindex={0} role="group" aria-label="Listing">
          <code>{block.text}</code>
        </pre>
      )
    case 'rule':
      return <hr />
  }
}

function footnoteId(label: string | undefined, setting: Setting): { id?: string } {
  const id = label === undefined ? undefined : setting.footnotes.get(label)
  return id === undefined ? {} : { id }
}

/** Ids for the footnotes of a policy, by label; labels are the author's, so they do not become ids themselves. */
export function footnotesOf(blocks: readonly Block[]): Map<string, string> {
  const ids = new Map<string, string>()
  for (const block of blocks)
    if (block.kind === 'paragraph' && block.footnote !== undefined && !ids.has(block.footnote)) ids.set(block.footnote, `fn-${ids.size + 1}`)
  return ids
}

/** A list item: its first paragraph carries the bullet; a nested list goes one step in. */
function Item({ blocks, setting, depth, bullet }: { blocks: readonly Block[]; setting: Setting; depth: number; bullet: string }) {
  const [first, ...rest] = blocks
  if (first?.kind !== 'paragraph') return <Prose blocks={blocks} setting={setting} depth={depth} />
  return (
    <>
      <Rows inlines={first.children} setting={setting} depth={depth} bullet={bullet} />
      <Prose blocks={rest} setting={setting} depth={depth} />
    </>
  )
}

/** A paragraph as consecutive rows: a claim to a row, with what stands between claims as plain rows. */
function Rows({ inlines, setting, depth, bullet }: { inlines: readonly Inline[]; setting: Setting; depth: number; bullet?: string | undefined }) {
  return (
    <>
      {segmentsOf(inlines, setting.placement.placed).map(({ claim, children }, k) => {
        const mark = k === 0 && bullet !== undefined ? <span class="bullet">{bullet}</span> : null
        const words = (
          <p class={`say in-${Math.min(depth, 4)}`}>
            {mark}
            <Inlines inlines={children} setting={setting} />
          </p>
        )
        if (claim === undefined || setting.seen.has(claim.id)) return <div class="row">{words}</div>
        setting.seen.add(claim.id)
        return <ClaimRow claim={claim} setting={setting}>{words}</ClaimRow>
      })}
    </>
  )
}

/** A claim with its mark, its margin note and, folded, all that is known. The mark is the handle that opens it. */
export function ClaimRow({ claim, setting, children }: { claim: ClaimView; setting: Setting; children?: unknown }) {
  return (
    <div class={claim.inScope ? 'row claim' : 'row claim out-of-scope'} id={`c-${claim.id}`}>
      {children}
      <Note claim={claim} now={setting.site.at} />
      <details>
        <summary title={`${STATE_WORDS[claim.state]}: show how it is known`}>
          <Mark state={claim.state} />
          <span class="hidden">{STATE_WORDS[claim.state]}: show how it is known</span>
        </summary>
        <Opened claim={claim} site={setting.site} verify={setting.verify} full={false} />
      </details>
    </div>
  )
}

function Table({ block, setting }: BlockProps<'table'>) {
  const columns = Math.max(block.header.length, ...block.rows.map((row) => row.length))
  return (
    <div class={columns > 3 ? 'table wide' : 'table'} tabindex={0} role="group" aria-label="Table">
      <table>
        {block.header.some((cell) => cell.length > 0) && (
          <thead>
            <tr>{block.header.map((cell) => (cell.length === 0 ? <td></td> : <th scope="col"><Cell inlines={cell} setting={setting} /></th>))}</tr>
          </thead>
        )}
        <tbody>
          {block.rows.map((row) => <tr>{row.map((cell) => <td><Cell inlines={cell} setting={setting} /></td>)}</tr>)}
        </tbody>
      </table>
    </div>
  )
}

function Cell({ inlines, setting }: { inlines: readonly Inline[]; setting: Setting }) {
  return (
    <>
      {segmentsOf(inlines, setting.placement.placed).map(({ claim, children }) => {
        if (claim === undefined || setting.seen.has(claim.id)) return <span class="cell"><Inlines inlines={children} setting={setting} /></span>
        setting.seen.add(claim.id)
        return (
          <span class={claim.inScope ? 'cell claim' : 'cell claim out-of-scope'} id={`c-${claim.id}`}>
            <Mark state={claim.state} />
            <Inlines inlines={children} setting={setting} /> <CellNote claim={claim} now={setting.site.at} />
          </span>
        )
      })}
    </>
  )
}

function Inlines({ inlines, setting }: { inlines: readonly Inline[]; setting: Setting }) {
  return <>{inlines.map((inline) => <InlineOf inline={inline} setting={setting} />)}</>
}

function InlineOf({ inline, setting }: { inline: Inline; setting: Setting }) {
  switch (inline.kind) {
    case 'text': {
      // A reference to a footnote comes as a run of its own, label in brackets.
      const label = /^\[([^\]]{1,40})\]$/.exec(inline.text)?.[1]
      const note = label === undefined ? undefined : setting.footnotes.get(label)
      return note === undefined ? <>{inline.text}</> : <sup><a href={`#${note}`}>{label}</a></sup>
    }
    case 'code':
      return <code>{inline.text}</code>
    case 'strong':
      return <strong><Inlines inlines={inline.children} setting={setting} /></strong>
    case 'emphasis':
      return <em><Inlines inlines={inline.children} setting={setting} /></em>
    case 'break':
      return <br />
    case 'link': {
      const href = safeHref(inline.href)
      return href === undefined ? <Inlines inlines={inline.children} setting={setting} /> : <a href={href} rel="nofollow noopener"><Inlines inlines={inline.children} setting={setting} /></a>
    }
  }
}
