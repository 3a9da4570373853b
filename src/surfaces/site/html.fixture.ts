import type { Element, Nodes, Root } from 'hast'
import rehypeParse from 'rehype-parse'
import { unified } from 'unified'

/** Reading pages back in tests: as a browser's parser would, not by looking for strings. */
export const parseHtml = (body: string): Root => unified().use(rehypeParse).parse(body)

export function elementsOf(node: Nodes, wanted: (element: Element) => boolean = () => true): Element[] {
  const own = node.type === 'element' && wanted(node) ? [node] : []
  return 'children' in node ? [...own, ...node.children.flatMap((child) => elementsOf(child, wanted))] : own
}

export function textOf(node: Nodes): string {
  if (node.type === 'text') return node.value
  return 'children' in node ? node.children.map(textOf).join('') : ''
}

export function hasClass(element: Element, name: string): boolean {
  const { className } = element.properties
  return Array.isArray(className) && className.includes(name)
}

export const byClass = (node: Nodes, name: string): Element[] => elementsOf(node, (element) => hasClass(element, name))
export const byTag = (node: Nodes, name: string): Element[] => elementsOf(node, (element) => element.tagName === name)
