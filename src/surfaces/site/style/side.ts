/** Summary, remarks, legend, and the pages beside the policy. */
export const sideStyle = `
.byline{color:var(--soft);margin-top:1rem;display:grid;gap:.3rem}
.byline strong{color:var(--ink);font-weight:600}
.byline a{color:var(--soft)}
.byline a:hover{color:var(--ink)}
.as-of{display:none}
.scope{display:flex;flex-wrap:wrap;gap:.4rem .5rem;align-items:center;min-width:0}
.scope select{font:600 .84375rem/1.3 var(--sans);color:var(--ink);background:transparent;border:0;border-bottom:1px solid var(--faint);border-radius:0;padding:.25rem .15rem;max-width:100%;min-width:0;min-height:1.75rem;cursor:pointer}
.scope option{background:var(--card);color:var(--ink)}
.scope button{padding:.3rem .65rem;font-weight:500}

.summary{margin-top:2rem;align-items:stretch}
.tally,.ninety{border-top:1px solid var(--ink);border-bottom:1px solid var(--rule);padding:1rem 0 1.4rem}
.tally{display:flex;flex-wrap:wrap;gap:1rem 1.9rem;align-content:flex-start}
.tally div{display:flex;flex-direction:column-reverse;justify-content:flex-end}
.tally dd{font:600 1.6875rem/1.25 var(--serif);font-variant-numeric:lining-nums tabular-nums;color:var(--ink)}
.tally .is-checked dd{color:var(--accent)}
.tally .is-broken dd{color:var(--red)}
.tally dt{color:var(--soft);white-space:nowrap}
.tally .mark{width:.7rem;height:.7rem;vertical-align:-.03em;margin-right:.1rem}
.ninety p{color:var(--soft);margin-top:.5rem;font-size:.8125rem}
.strip{display:block;width:100%;height:2rem}
.day{fill:var(--accent);opacity:.85}
.bad-day{fill:var(--red)}
.no-day{fill:var(--faint)}
.remarks{max-width:40rem;margin-top:1.4rem;display:grid;gap:.5rem;color:var(--soft)}
.remarks strong{color:var(--ink);font-weight:600}

.legend{border-top:1px solid var(--rule);margin-top:4.5rem;max-width:40rem}
.legend h2{margin-top:1.75rem;font-size:1.1875rem}
.meanings div{display:grid;grid-template-columns:10.5rem minmax(0,1fr);gap:.25rem 1rem;padding:.4rem 0}
.meanings dt{font-weight:600}
.meanings dt .mark{margin-right:.4rem;width:.85rem;height:.85rem}
.meanings dd{color:var(--soft)}

.plainpage{max-width:40rem}
.plainpage h1,.statement h1{font-size:2.25rem}
.plainpage .say{margin:1rem 0}
.plainpage p.lede{margin-top:1rem;font:400 1.1875rem/1.6 var(--serif)}
.plainpage .command{margin:.6rem 0}
.plainpage .command code{font-size:.84375rem}
.plainpage .verify{margin-top:.8rem}
.facts{display:grid;grid-template-columns:8rem minmax(0,1fr);gap:.5rem 1rem;margin:1rem 0}
.facts dt{font-weight:600;grid-column:1}
.facts dd{grid-column:2}
.facts dd{color:var(--soft);overflow-wrap:anywhere}
.facts dd code{color:var(--ink)}
.crumbs{color:var(--soft);margin-bottom:1.25rem}
.crumbs a{color:var(--soft)}
.statement h1{font-size:1.75rem;line-height:1.4;letter-spacing:-.01em;font-weight:500;max-width:40rem;text-wrap:pretty}
.statement .sign{position:absolute;left:-2.4rem;top:.5rem;width:1.5rem;display:flex;justify-content:center}
.statement .sign .mark{width:1.1rem;height:1.1rem}
.earlier{margin-top:2.5rem;max-width:40rem}
.earlier h2{font-size:1.1875rem;margin:0 0 .6rem}
.earlier li{padding:.5rem 0;border-top:1px solid var(--rule)}
.steps{padding-left:1.3rem;display:grid;gap:.6rem;margin:1rem 0}
.versions{width:100%;max-width:40rem;margin-top:1.5rem}
.versions th,.versions td{text-align:left;vertical-align:top;padding:.65rem 1rem .65rem 0;border-bottom:1px solid var(--rule)}
.versions thead th{color:var(--soft);font-weight:500;border-bottom-color:var(--ink)}
.changes{max-width:46rem;margin-top:2rem}
.changes li{padding:.55rem 0 .55rem 1.9rem;border-top:1px solid var(--rule);position:relative}
.changes .say{font-size:1.0625rem}
.changes .sort{position:absolute;left:0;top:.65rem;font:600 1rem/1.6 var(--mono)}
.changes ins,.changes del{text-decoration-thickness:1px;text-underline-offset:.2em}
.changes ins{text-decoration-color:var(--accent);background:var(--wash)}
.changes del{color:var(--soft);text-decoration-color:var(--red)}
.changes .added .sort{color:var(--accent)}
.changes .removed .sort{color:var(--red)}
.changes .changed .sort{color:var(--amber)}
.changes .weaker{color:var(--amber);font-weight:600}
.changes .same{color:var(--soft)}
.changes .same summary{cursor:pointer;padding:.15rem 0}
.changes .same p{margin-top:.5rem}
`
