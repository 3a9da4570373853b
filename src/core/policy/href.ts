/** Longer targets are data, not addresses. */
const LONGEST_HREF = 2048

/**
 * A link target that is safe to show: http, https and mailto addresses, and relative ones. Anything else
 * (javascript:, data:, protocol-relative with odd parts) gives undefined and the link becomes plain text.
 */
export function safeHref(raw: string): string | undefined {
  // Browsers drop tabs, line breaks and leading controls before they look for the scheme.
  const href = raw.replace(/[\u0000-\u001f\u007f]/g, '').trim()
  if (href === '' || href.length > LONGEST_HREF) return undefined
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(href)?.[1]?.toLowerCase()
  if (scheme === undefined) return href.startsWith('//') || href.startsWith('\\') || href.startsWith('/\\') ? undefined : href
  return scheme === 'http' || scheme === 'https' || scheme === 'mailto' ? href : undefined
}
