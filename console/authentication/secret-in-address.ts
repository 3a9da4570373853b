let kept = { path: '', secret: '' }

/**
 * A secret that a link brought after its `#`, which no server or proxy gets to see. It is taken out of the address at
 * once, so that it stays in no history and is in no screenshot; asked again on the same page, it is still known.
 */
export function secretInAddress(): string {
  const { hash, pathname: path, search } = window.location
  if (hash.length > 1) {
    kept = { path, secret: decodeURIComponent(hash.slice(1)) }
    window.history.replaceState(window.history.state, '', path + search)
  }
  return kept.path === path ? kept.secret : ''
}
