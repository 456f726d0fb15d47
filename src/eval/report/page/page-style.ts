/** @file How the page looks: in light and dark, on a phone and on a wide window. */
import { DARK_CHART } from "./charts/style.js";

/** In the dark, colors of charts and drawings are others: one rule per color. */
const darkCharts = Object.entries(DARK_CHART)
  .flatMap(([light, dark]) => ["fill", "stroke"].map((paint) => `.panel [${paint}="${light}"]{${paint}:${dark}}`))
  .join("");

/** Content of the page's `style` element. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2330;--muted:#59606e;--line:#d5d9e0;--faint:#eef0f4;--link:#0b62a4;--mark:#e16a11;--note:#fdf4ec;--edge:#1c233040}
@media (prefers-color-scheme:dark){:root{--paper:#14181f;--ink:#e4e8ee;--muted:#a3abb8;--line:#3a4350;--faint:#1f2630;--link:#7cbcf5;--mark:#f08a3c;--note:#2c221a;--edge:#0009}${darkCharts}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:96rem;margin:0 auto;padding:1rem 1.25rem 3rem;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:.25rem 0 .5rem}
h2{font-size:1.15rem;margin:1.75rem 0 .5rem}
h3{font-size:.9rem;margin:0 0 .25rem}
p,li,figcaption{max-width:56rem}
p{margin:.5rem 0}
a{color:var(--link)}
small{color:var(--muted);font-size:.8125rem}
.facts{display:flex;flex-wrap:wrap;gap:.1rem 1.5rem;margin:.5rem 0;font-size:.8125rem;color:var(--muted)}
.facts div{display:flex;gap:.4rem}
.facts dt{font-weight:600;white-space:nowrap}
.facts dd{margin:0}
.note{border-left:4px solid var(--mark);background:var(--note);padding:.35rem .75rem;margin:.35rem 0;max-width:none;font-size:.875rem}
ul{padding-left:1.2rem;margin:.5rem 0}
li{margin:.25rem 0}
figure{margin:1rem 0}
section>figure:first-of-type,.main>figure:first-child{margin-top:.25rem}
figcaption{font-size:.8125rem;color:var(--muted);margin:.25rem 0 .5rem}
/* The first table is what a reader came for: its words are below it. */
.main .table{display:flex;flex-direction:column-reverse}
aside{font-size:.875rem}
aside figure{margin:0 0 1rem}
.panels{display:flex;flex-wrap:wrap;gap:1rem 1.5rem;align-items:flex-start}
.panel{overflow-x:auto;max-width:100%}
.panel svg{display:block;max-width:100%;height:auto}
/* A shadow at an edge that more columns lie beyond: a cover of paper moves with the table, the shadow stays. */
.scroll{overflow-x:auto;max-width:100%;background:linear-gradient(to right,var(--paper) 40%,transparent) 0 0/2.5rem 100% no-repeat local,linear-gradient(to left,var(--paper) 40%,transparent) 100% 0/2.5rem 100% no-repeat local,linear-gradient(to right,var(--edge),transparent) 0 0/.8rem 100% no-repeat scroll,linear-gradient(to left,var(--edge),transparent) 100% 0/.8rem 100% no-repeat scroll}
table{border-collapse:collapse;font-size:.8125rem;font-variant-numeric:tabular-nums;overflow-wrap:normal}
th,td{padding:.2rem .5rem;text-align:left;border-bottom:1px solid var(--faint);vertical-align:baseline}
th:first-child{padding-left:0}
thead th{vertical-align:bottom;font-weight:600;border-bottom:1px solid var(--muted);max-width:8rem}
thead th.n{min-width:4.25rem;max-width:5rem}
thead button{all:unset;cursor:pointer}
thead button:hover{text-decoration:underline}
thead button:focus-visible{outline:2px solid var(--link);outline-offset:2px}
th[aria-sort] button::after,th[aria-sort]:not(:has(button))::after{content:" ▾"}
th[aria-sort=ascending] button::after{content:" ▴"}
tbody th,td.n{white-space:nowrap}
tbody th{font-weight:400;position:sticky;left:0;background:var(--paper)}
tbody th a{color:inherit;text-decoration-color:var(--line);text-underline-offset:.2em}
td:not(.n){min-width:6rem;max-width:40rem}
td.n,th.n{text-align:right}
tr.reference>*{font-weight:600;background:var(--faint)}
tr.control>*{color:var(--muted)}
.tag{font-size:.6875rem;font-weight:400;color:var(--muted);border:1px solid var(--line);border-radius:.6rem;padding:0 .4rem;margin-left:.35rem}
.whisker{width:4.5rem;height:.7rem;margin-right:.5rem;vertical-align:-.05rem}
.whisker line{stroke:currentColor;stroke-width:1.5;vector-effect:non-scaling-stroke}
.whisker .axis{opacity:.18}
.whisker circle{fill:currentColor}
details{border-top:1px solid var(--line)}
details>summary{cursor:pointer;padding:.55rem 0}
details>summary h2{display:inline;margin:0;font-size:1rem}
details details{border:0}details details>summary{padding:.25rem 0}
details[open]>.inside{padding-bottom:1rem}
.examples{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,17rem),1fr));gap:.75rem 1.25rem;margin:.5rem 0}
.example{display:flex;gap:.75rem;margin:0;font-size:.8125rem;min-width:0}
.example svg{flex:none;width:7rem;height:7rem;background:var(--faint);border-radius:.25rem}
.example figcaption{margin:0;color:inherit}
.example h3{font-size:.8125rem;line-height:1.3}
dl{margin:0}
.example dl div{line-height:1.35}
.example dt,.example dd{display:inline;margin:0 .4rem 0 0}
.example dt,.example p{color:var(--muted)}
.example p{margin:.1rem 0 0}
.terms{columns:26rem;column-gap:2.5rem;font-size:.875rem}
.terms div{break-inside:avoid;margin:0 0 .5rem}
.terms dt{font-weight:600;color:var(--ink)}
.terms dd{margin:0}
/* What is beside the table goes below it where the whole table would not fit; its words are as wide as the table, not the other way round. */
.split{display:flex;flex-wrap:wrap;gap:0 2rem;align-items:flex-start}
.main{flex:0 1 auto;max-width:100%;min-width:0}
.main figcaption,.main>p{width:0;min-width:100%;max-width:none}
aside{flex:1 1 22rem;min-width:0;display:flex;flex-wrap:wrap;gap:0 2rem}
aside figure{flex:0 1 24rem}
aside ul{flex:1 1 22rem;min-width:0}
@media (max-width:60rem){.whisker{width:3rem}th,td{padding:.2rem .35rem}thead th.n{min-width:3.25rem}}
@media (max-width:34rem){body{padding:.75rem .75rem 2rem}th,td{padding:.25rem .4rem}thead th.n{min-width:3.5rem}.tag{margin-left:0;border:0;padding:0 0 0 .25rem}}
@media print{.scroll,.panel{overflow:visible}tbody th{position:static}}
`.trim();
