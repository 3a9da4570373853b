/** The frame: masthead, sheet, foot, and the measures of type. Sizes are in rem so that a reader's own size counts. */
export const frameStyle = `
*,::before,::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:1.5rem}
body{margin:0;background:var(--paper);color:var(--ink);font:400 .84375rem/1.5 var(--sans);font-variant-numeric:tabular-nums;overflow-wrap:break-word}
a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:.18em}
a:hover{text-decoration-thickness:2px}
:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:2px}
main:focus{outline:none}
code{font-family:var(--mono);font-size:.92em;overflow-wrap:anywhere}
p,dl,dd,ul,ol,figure{margin:0;padding:0}
ul[role=list],ol[role=list]{list-style:none}
h1,h2,h3,h4,h5,h6{margin:0;font-family:var(--serif);font-weight:600;line-height:1.25;text-wrap:balance;overflow-wrap:break-word}
h1{font-size:2.875rem;line-height:1.12;letter-spacing:-.02em}
.soft{color:var(--soft)}
.hidden{position:absolute;width:1px;height:1px;margin:-1px;padding:0;overflow:hidden;clip-path:inset(50%);white-space:nowrap;border:0}
.label{font-size:.6875rem;font-weight:600;letter-spacing:.06em;text-transform:uppercase;color:var(--soft)}
.skip{position:absolute;left:1rem;top:-4rem;z-index:2;background:var(--card);color:var(--ink);padding:.5rem 1rem;border:1px solid var(--rule);border-radius:6px}
.skip:focus{top:.625rem}

.masthead{display:flex;align-items:center;justify-content:space-between;gap:1rem 2rem;padding:1.125rem 2.5rem;border-bottom:1px solid var(--rule)}
.masthead a{text-decoration:none}
.house{display:inline-flex;align-items:center;gap:.625rem;color:var(--ink);font-size:.9375rem;font-weight:600;min-width:0}
.seal{width:.875rem;height:.875rem;border-radius:4px;background:var(--accent);flex:none}
.masthead nav{display:flex;flex-wrap:wrap;justify-content:flex-end;gap:.25rem 1.4rem}
.masthead nav a{color:var(--soft);padding:.2rem 0}
.masthead nav a:hover{color:var(--ink)}
.masthead nav [aria-current]{color:var(--ink);font-weight:600}
.to-foot{display:none}
.stage{padding:.7rem 2.5rem;background:var(--wash);color:var(--ink);border-bottom:1px solid var(--rule)}

.sheet{display:grid;grid-template-columns:11.875rem minmax(0,1fr);column-gap:3.5rem;width:min(100% - 5rem,77.625rem);margin:0 auto;padding:4rem 0 5rem}
main{grid-column:2;min-width:0}
/* A row: text, and what is known of it in the margin. Every row has the same columns, whatever it is nested in. */
.row{display:grid;grid-template-columns:minmax(0,40rem) minmax(0,18.75rem);column-gap:3.5rem;position:relative;align-items:baseline}

.contents{grid-column:1;position:sticky;top:2rem;align-self:start;max-height:calc(100vh - 4rem);overflow-y:auto;padding:.3rem 0 1rem;margin-left:-.5rem;scrollbar-width:thin}
.contents a{display:flex;justify-content:space-between;align-items:baseline;gap:.75rem;padding:.18rem .5rem;color:var(--soft);text-decoration:none;border-radius:3px}
.contents a:hover{color:var(--ink)}
.contents a:focus-visible{outline-offset:-2px}
.contents .mark{width:.75rem;height:.75rem;align-self:center}
.also{margin-top:1.25rem!important}
.contents-folded{display:none}

.foot{border-top:1px solid var(--rule);padding:1.75rem 2.5rem 3rem;color:var(--soft)}
.foot p::first-letter{text-transform:uppercase}
.foot nav{display:flex;flex-wrap:wrap;gap:.35rem 1.5rem;margin-bottom:.75rem}
.foot nav a{color:var(--ink);text-decoration:none;padding:.2rem 0}
.foot nav a:hover{text-decoration:underline}
`
