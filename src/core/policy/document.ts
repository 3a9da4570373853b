/** What a page is once read: its lines, each with the bytes it came from, and a neutral tree to show it by. */

export type PolicyFormat = 'markdown' | 'mdx' | 'html' | 'text'

/** What the page says about itself before its first word. Keys we do not know are named, never refused. */
export interface FrontMatter {
  title?: string
  description?: string
  version?: string
  effectiveDate?: string
  scope?: string
  canonicalUrl?: string
  markdownUrl?: string
  /** Former addresses of the page, in the order given. */
  redirects: string[]
  /** Names of top-level keys that this system gives no meaning to. */
  unknown: string[]
}

export type LineKind = 'heading' | 'sentence' | 'list-item' | 'table-cell'

/** One sentence, heading, list sentence or table cell: the unit that can become a claim. */
export interface Line {
  /** Position in document order, from 0. */
  index: number
  /** What a reader sees: markup removed, white space folded to single spaces. */
  text: string
  /** UTF-8 byte offsets into `source`, half open. The bytes are the line's raw text, markup included. */
  start: number
  end: number
  kind: LineKind
  /** Texts of the headings above the line, outermost first; a heading does not contain itself. */
  section: string[]
  /** Number of the paragraph, item or cell the line stands in; sentences of one paragraph share it. */
  block: number
  /** What the line completes: the sentence before its list, or the headers of its column and row. */
  stem?: string
  /** Heading depth, 1 to 6, for headings only. */
  depth?: number
  /** Targets of links within the line. */
  links: string[]
  /** Indexes of footnote lines that qualify this line, through its own marks or its headings' marks. */
  notes: number[]
  /** True where the line is itself a footnote. */
  footnote: boolean
}

/** A run of visible text with the bytes it came from. It never crosses the border of a line. */
export interface Leaf {
  kind: 'text' | 'code'
  text: string
  start: number
  end: number
  /** Index of the line the run belongs to; absent for the white space between lines and for code blocks. */
  line?: number
}

// The tree holds no raw markup and no attribute but a checked link target: it cannot carry a script.
export type InlineOf<L> =
  | L
  | { kind: 'strong' | 'emphasis'; children: InlineOf<L>[] }
  | { kind: 'link'; href: string; children: InlineOf<L>[] }
  | { kind: 'break' }

export type BlockOf<L> =
  | { kind: 'heading'; depth: 1 | 2 | 3 | 4 | 5 | 6; children: InlineOf<L>[] }
  | { kind: 'paragraph'; children: InlineOf<L>[]; footnote?: string }
  | { kind: 'list'; ordered: boolean; first?: number; items: BlockOf<L>[][] }
  | { kind: 'table'; header: InlineOf<L>[][]; rows: InlineOf<L>[][][] }
  | { kind: 'quote'; children: BlockOf<L>[] }
  | { kind: 'admonition'; tone: string; children: BlockOf<L>[] }
  | { kind: 'code'; text: string; language?: string; start: number; end: number }
  | { kind: 'rule' }

export type Inline = InlineOf<Leaf>
export type Block = BlockOf<Leaf>

export interface PolicyDocument {
  format: PolicyFormat
  /** The bytes as they came. INVARIANT: never rewritten; every offset points into them. */
  source: Uint8Array
  /** Lower-case hex SHA-256 of `source`. */
  digest: string
  frontMatter: FrontMatter
  /** From the front matter, else the first top heading, else the first heading, else ''. */
  title: string
  lines: Line[]
  blocks: Block[]
}
