import { type Accent, GROUNDS } from '../accent.ts'

/**
 * Colours by scheme. `soft` is the lightest that small text may have; `faint` is for ornament alone.
 * Custom properties carry them, so that a rule never names a colour.
 */
export function colourStyle(accent: Accent): string {
  const scheme = (name: 'light' | 'dark', rest: Record<string, string>): string => {
    const own = accent[name]
    const all = { ...GROUNDS[name], accent: own.accent, wash: own.wash, 'on-accent': own.onAccent, ...rest }
    return Object.entries(all).map(([key, value]) => `--${key}:${value}`).join(';')
  }
  const light = scheme('light', { soft: '#5c6366', faint: '#8b9194', rule: '#e2dfd7', amber: '#8f5b00', red: '#b3261e', tick: '#dedbd2' })
  const dark = scheme('dark', { soft: '#a4abad', faint: '#788083', rule: '#2a3032', amber: '#e0ac56', red: '#f08b83', tick: '#343b3e' })
  return `
:root{${light};color-scheme:light dark;
  --serif:"Source Serif 4",Georgia,"Times New Roman",serif;
  --sans:"Inter",system-ui,-apple-system,"Segoe UI",sans-serif;
  --mono:"IBM Plex Mono",ui-monospace,Menlo,Consolas,monospace}
@media (prefers-color-scheme:dark){:root{${dark}}}
.is-checked,.is-attested{--state:var(--accent)}
.is-unknown,.is-stale{--state:var(--amber)}
.is-broken{--state:var(--red)}
.is-unbacked,.is-unprovable{--state:var(--soft)}
.mark{color:var(--state);flex:none;vertical-align:-.125em}
.mark .solid{fill:currentColor}
.mark .line{fill:none;stroke:currentColor;stroke-width:1.5}
.mark .bold{stroke-width:2;stroke-linecap:round}
`
}
