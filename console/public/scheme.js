// Before anything is drawn: the colour scheme that was chosen here, so that no page flashes in the other one.
try {
  const scheme = localStorage.getItem('vouchsafe.scheme')
  if (scheme === 'light' || scheme === 'dark') document.documentElement.dataset.scheme = scheme
} catch {
  // No storage in this browser: the system's scheme holds.
}
