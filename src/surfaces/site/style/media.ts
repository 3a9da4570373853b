/** What changes with the window, the medium and the reader's settings. */
export const mediaStyle = `
@media (max-width:81rem){
  .sheet{width:min(100% - 4.5rem,77.625rem);column-gap:3rem}
  .row,.opened{grid-template-columns:minmax(0,40rem) minmax(0,16rem);column-gap:2.5rem}
}
@media (max-width:72rem){
  .sheet{display:block;max-width:60rem;padding-left:2rem}
  .contents{display:none}
  .contents-folded{display:block;margin-top:1.5rem;max-width:40rem}
  .contents-folded>summary{cursor:pointer;font-weight:600;padding:.3rem 0}
  .contents-folded .mark{width:.75rem;height:.75rem;margin-left:.4rem}
  .contents-folded a{display:inline-block;padding:.25rem 0;color:var(--soft);text-decoration:none}
  .row,.opened{grid-template-columns:minmax(0,1fr) minmax(0,15rem)}
}
@media (max-width:53rem){
  .masthead{padding:.9rem 1.25rem}
  .masthead nav{display:none}
  .to-foot{display:inline-block;color:var(--soft);padding:.2rem 0}
  .stage{padding:.7rem 1.25rem}
  .foot{padding:1.5rem 1.25rem 2.5rem}
  .sheet{width:auto;padding:1.9rem 1.25rem 3.5rem}
  h1{font-size:clamp(1.75rem,7.5vw,2.125rem);letter-spacing:-.015em;text-wrap:wrap}
  h2{margin-top:3rem}
  .row,.opened{grid-template-columns:minmax(0,1fr)}
  .say{font-size:1.09375rem;line-height:1.58}
  .policy .row,.row.claim{padding-left:1.75rem}
  .row.claim>.note{margin-top:.3rem;max-width:none}
  .row>details>summary{left:-.3rem;top:.15rem}
  .row .opened{margin-left:-1.75rem}
  .card{margin-left:0;padding:1.1rem 1rem 1.25rem}
  .rests{padding:1.1rem 0 0 1.75rem}
  .in-1{padding-left:1.3rem}.in-2{padding-left:2.2rem}.in-3{padding-left:3.1rem}.in-4{padding-left:4rem}
  .in-2 .bullet{--at:.9rem}.in-3 .bullet{--at:1.8rem}.in-4 .bullet{--at:2.7rem}
  .para .row+.row,.row.claim+.row,li .row+.row{margin-top:.85rem}
  .tally{gap:.9rem 1.6rem;border-bottom:0;padding-bottom:.9rem}
  .ninety{border-top:1px solid var(--rule);padding:.9rem 0 1rem}
  .facts{grid-template-columns:minmax(0,1fr);gap:.2rem}
  .facts dd{grid-column:1;margin-bottom:.5rem}
  .meanings div{grid-template-columns:minmax(0,1fr)}
  .history .target{width:36%}
  .history .count{width:4.2rem}
  .statement .sign{left:-.3rem;top:.3rem}
  .statement h1,.plainpage h1{font-size:1.5rem}
  .row.claim.statement{padding-left:1.75rem}
}
@media (prefers-reduced-motion:no-preference){
  html:focus-within{scroll-behavior:smooth}
}
@media (forced-colors:active){
  .mark{color:CanvasText}
  .is-broken .mark,.mark.is-broken{color:Highlight}
  .seal{background:CanvasText;forced-color-adjust:none}
  .day,.no-day{fill:CanvasText}.bad-day{fill:Highlight}
  .tick-holds{stroke:CanvasText}.tick-fails{stroke:Highlight}.tick-unknown,.tick-not-run{stroke:GrayText}
  .set-in::before{background:CanvasText}
}
@media print{
  :root{--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--accent:#0a5a4c;--red:#a01c14;--amber:#7a4d00;--rule:#ccc;--wash:#fff;--tick:#ccc}
  body{font-size:9pt}
  .note,.rests,.ninety p{font-size:7.5pt}
  .as-of{display:block}
  .masthead nav,.to-foot,.skip,.contents,.contents-folded,.scope,.foot nav,.actions,.verify,.command,.note .more{display:none!important}
  .sheet{display:block;width:auto;max-width:none;padding:1.4rem 0 0 2rem}
  .policy .row,.row.claim{padding-left:0}
  .row>details>summary,.statement .sign{left:-2rem}
  .row .opened{margin-left:0}
  .rests{padding:1rem 0 0}
  .masthead,.stage,.foot{padding-left:0;padding-right:0}
  .row,.opened{grid-template-columns:minmax(0,1fr) 12rem;column-gap:1.5rem}
  .say{font-size:11pt}
  h1{font-size:24pt}h2{font-size:14pt;break-after:avoid}
  .row,.card,tr{break-inside:avoid}
  .say a[href^=http]::after{content:" (" attr(href) ")";font:8pt var(--sans);color:var(--soft)}
}
`
