export type Scheme = 'system' | 'light' | 'dark'

// scheme.js reads the same key before anything is drawn.
const KEY = 'vouchsafe.scheme'

export function chosenScheme(): Scheme {
  const { scheme } = document.documentElement.dataset
  return scheme === 'light' || scheme === 'dark' ? scheme : 'system'
}

export function chooseScheme(scheme: Scheme): void {
  if (scheme === 'system') delete document.documentElement.dataset['scheme']
  else document.documentElement.dataset['scheme'] = scheme
  try {
    if (scheme === 'system') localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, scheme)
  } catch {
    // No storage in this browser: it holds until the page is left.
  }
}
