/** The policy as a document: rows of sentences with marks to the left and notes to the right. */
export const policyStyle = `
.policy{margin-top:1rem}
.policy h2,.policy h3,.policy h4,.policy h5,.policy h6,.legend h2,section>h2{max-width:40rem}
h2{font-size:1.4375rem;margin:3.75rem 0 1.1rem}
h3{font-size:1.1875rem;margin:2.5rem 0 .9rem}
h4,h5,h6{font-size:1.0625rem;margin:2rem 0 .75rem}
h2+h3,h3+h4{margin-top:1.25rem}
.policy>:first-child{margin-top:2.25rem}
.say{font-family:var(--serif);font-size:1.1875rem;line-height:1.6;max-width:40rem;min-width:0;position:relative;overflow-wrap:break-word;text-wrap:pretty;hanging-punctuation:first}
.say a{color:inherit;text-decoration-color:var(--accent)}
.say a:hover{color:var(--accent)}
.say code{font-size:.84em;background:color-mix(in srgb,var(--rule) 45%,transparent);border-radius:3px;padding:.05em .25em}
.para{margin:0 0 1.35rem}
.para .row+.row,.row.claim+.row,li .row+.row{margin-top:.6rem}
.policy li{margin-bottom:.75rem}
ul[role=list] ul,ol[role=list] ul,ul[role=list] ol,ol[role=list] ol{margin-top:.75rem}
.policy>ul,.policy>ol,.set-in>ul,.set-in>ol{margin-bottom:1.35rem}
.in-1{padding-left:1.6rem}.in-2{padding-left:3.2rem}.in-3{padding-left:4.8rem}.in-4{padding-left:6.4rem}
.bullet{position:absolute;left:calc(100% - 100% + var(--at,0rem));color:var(--soft);font-variant-numeric:tabular-nums}
.in-1 .bullet{--at:0rem}.in-2 .bullet{--at:1.6rem}.in-3 .bullet{--at:3.2rem}.in-4 .bullet{--at:4.8rem}
.say sup{font-size:.68em;line-height:0;vertical-align:.45em}
.say sup a{text-decoration:none;color:var(--accent);padding:0 .12em}
.footnote .say{font-size:1rem;color:var(--soft);padding-left:1.9rem}
.minor-heading{font-weight:600;margin:1.25rem 0 .6rem}

/* Set in: a rule beside the text; rows keep their columns, so marks and notes stay aligned. */
.set-in{margin:1.75rem 0;padding:0;position:relative}
.set-in::before{content:"";position:absolute;left:0;top:.25rem;bottom:.25rem;width:2px;background:var(--rule)}
.notice::before{background:var(--accent)}
.set-in .say{margin-left:1.35rem}
.set-in .tone{margin:0 0 .35rem 1.35rem}
.set-in>:last-child{margin-bottom:0}
blockquote .say{font-style:italic}

.claim .say{cursor:auto}
.out-of-scope .say,.cell.out-of-scope{color:var(--soft)}
.out-of-scope .mark{color:var(--faint)}
.claim:target>.say{background:linear-gradient(var(--wash),var(--wash))}

.note{font-size:.8125rem;line-height:1.5;color:var(--soft);min-width:0;max-width:18.75rem}
.note strong{color:var(--ink);font-weight:600}
.note.is-broken strong{color:var(--red)}
.note .more{margin-left:.35em;white-space:nowrap}
.note a{color:var(--accent)}

/* The mark is the handle. It stands in the left margin on the first line, whatever the sentence is nested in. */
.row>details{grid-column:1/-1;min-width:0}
.row>details>summary{position:absolute;left:-2.4rem;top:.2rem;width:1.5rem;height:1.5rem;display:flex;align-items:center;justify-content:center;cursor:pointer;list-style:none;border-radius:50%}
.row>details>summary::-webkit-details-marker{display:none}
.row>details>summary:hover,.row>details[open]>summary{background:color-mix(in srgb,var(--rule) 70%,transparent)}
.row>details>summary .mark{width:.9rem;height:.9rem}

.table{max-width:40rem;overflow-x:auto;margin:1.5rem 0 2rem}
.table.wide{max-width:none}
table{border-collapse:collapse}
.table table{width:100%;font-size:.9375rem;line-height:1.5}
.table th,.table td{text-align:left;vertical-align:top;padding:.6rem 1.25rem .6rem 0;border-bottom:1px solid var(--rule);min-width:7rem}
.table th{font-weight:600;border-bottom-color:var(--ink);vertical-align:bottom}
.table td:last-child,.table th:last-child{padding-right:0}
.cell{display:block}
.cell.claim{position:relative;padding-left:1.35rem}
.cell.claim>.mark{position:absolute;left:0;top:.32rem;width:.8rem;height:.8rem}
.cell-note{display:block;font-size:.8125rem;color:var(--soft);text-decoration:none}
.cell-note:hover{text-decoration:underline}
.cell-note.is-broken{color:var(--red);font-weight:600}
pre{max-width:40rem;overflow-x:auto;margin:1.5rem 0;padding:1rem 1.25rem;background:var(--card);border:1px solid var(--rule);border-radius:8px;font-size:.875rem;line-height:1.55}
pre code{overflow-wrap:normal}
hr{border:0;border-top:1px solid var(--rule);max-width:40rem;margin:2.5rem 0}
`
