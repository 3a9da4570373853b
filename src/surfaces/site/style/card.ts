/** The opened statement: a card that hangs into the left margin, its meaning in the right one. */
export const cardStyle = `
.opened{display:grid;grid-template-columns:minmax(0,40rem) minmax(0,18.75rem);column-gap:3.5rem;margin:.9rem 0 1.6rem}
.card{margin-left:-2rem;background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:1.4rem 1.5rem 1.5rem;display:grid;gap:.7rem;min-width:0}
.card p{min-width:0;overflow-wrap:anywhere}
.card strong.is-broken{color:var(--red)}
.backing{display:grid;gap:.35rem;min-width:0}
.backing+.backing{border-top:1px solid var(--rule);padding-top:.8rem}
.backing-title span{color:var(--state);margin-left:.35em}
.entry{white-space:nowrap}
.history{width:100%;table-layout:fixed;font-size:.78125rem;margin:.25rem 0}
.history th{text-align:left;font:400 .78125rem/1.4 var(--mono);color:var(--soft);padding:.18rem .75rem .18rem 0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.history td{padding:.18rem 0}
.history .target{width:32%}
.history .count{width:5.5rem}
.history caption{height:0}
.history .held{text-align:right;font-family:var(--mono);color:var(--soft);white-space:nowrap}
.ticks{display:block;width:100%;height:.6rem}
.ticks path{fill:none;stroke-width:10}
.tick-holds{stroke:var(--accent);opacity:.85}
.tick-fails{stroke:var(--red);stroke-width:5!important}
.tick-unknown{stroke:var(--amber);stroke-width:6!important}
.tick-not-run{stroke:var(--tick);stroke-width:3!important}
.actions,.verify{display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:center;min-width:0}
.verify{padding-top:.35rem}
.button,button{display:inline-block;font:600 .84375rem/1.2 var(--sans);color:var(--ink);background:var(--card);border:1px solid var(--rule);border-radius:7px;padding:.6rem .9rem;text-decoration:none;cursor:pointer}
.button:hover,button:hover{border-color:var(--soft)}
button.primary,[data-verify] button{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
[data-verify] button:hover{filter:brightness(1.06)}
/* What the verifier's script adds: its classes are named in packages/verify/src/browser. */
.verify>*{min-width:0}
.verify-status,.verify-steps,.verify-end{flex-basis:100%}
.verify-status:empty,.verify-steps:empty,.verify-end:empty{display:none}
.verify-status{font-weight:600}
.verify-steps,.verify-notes{list-style:none;display:grid;gap:.4rem}
.verify-step{position:relative;padding-left:1.5rem;overflow-wrap:anywhere;color:var(--soft)}
.verify-name{color:var(--ink);font-weight:600}
.verify-mark{position:absolute;left:.1rem;font-weight:600}
.verify-word{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.verify-good .verify-mark,.verify-status.verify-good{color:var(--accent)}
.verify-bad .verify-mark,.verify-bad .verify-name,.verify-status.verify-bad{color:var(--red)}
.verify-unknown .verify-mark,.verify-status.verify-unknown{color:var(--amber)}
.verify-heading{font-weight:600;margin-top:.4rem}
.verify-end{display:grid;gap:.5rem;color:var(--soft);overflow-wrap:anywhere}
[data-verify] button[disabled]{opacity:.65;cursor:progress}
.command{min-width:0}
.command code{display:block;margin-top:.2rem;font-size:.78125rem;line-height:1.6}
.meaning{border-top:1px solid var(--rule);padding-top:.9rem;margin-top:.2rem;color:var(--soft)}
.rests{color:var(--soft);font-size:.8125rem;padding-top:1.4rem;min-width:0}
.rests p{margin-bottom:.35rem;overflow-wrap:anywhere}
.rests-head{font-weight:600}
.rests ul+.rests-head,.rests p+.rests-head{margin-top:1.1rem}
.control{display:block;font-family:var(--mono);font-size:.75rem;color:var(--ink)}
.requirements{display:block}
.policy .rests li{margin:0}
.suggestion{border-left:2px solid var(--accent);padding-left:.9rem;display:grid;gap:.2rem}
`
