/** From the bytes of a page to its lines and a tree that can be shown. */
export { readPolicy } from './read.ts'
export { fetchPage } from './fetch.ts'
export { toMarkdown } from './twin.ts'
export type { FormatHint } from './format.ts'
export { LARGEST_PAGE_BYTES } from './source.ts'
export { safeHref } from './href.ts'
export { foldWhiteSpace } from './lines.ts'
export type { Block, FrontMatter, Inline, Leaf, Line, LineKind, PolicyDocument, PolicyFormat } from './document.ts'
