/**
 * A secret that a link brought after its `#`, which no server or proxy gets to see. It is taken out of the address at
 * once, so that it stays in no history and is in no screenshot.
 */
export function secretInAddress(): string {
  const { hash } = window.location
  if (hash.length < 2) return kept
  kept = decodeURIComponent(hash.slice(1))
  window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search)
  return kept
}

// For a screen that is drawn a second time after the address was cleaned.
let kept = ''
