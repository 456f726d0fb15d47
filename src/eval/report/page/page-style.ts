/** @file The page's style: one column, tables and charts scroll in their own boxes. */

/** Content of the page's `style` element. */
export const PAGE_STYLE = `
:root{color-scheme:light}
body{font:16px/1.55 system-ui,sans-serif;color:#1c2330;background:#fff;max-width:75rem;margin:0 auto;padding:1rem 1rem 4rem;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.25rem;margin:2.75rem 0 .5rem;padding-top:.75rem;border-top:1px solid #d5d9e0}
p,li,figcaption,summary{max-width:46rem}
a{color:#0b62a4}
small{color:#59606e;font-size:.8125rem}
.about{color:#59606e;font-size:.875rem}
.note{border-left:4px solid #e16a11;background:#fdf4ec;padding:.5rem .75rem;margin:.75rem 0}
.summary li{margin:.4rem 0}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;padding:0;margin:1.25rem 0 0;list-style:none;font-size:.925rem}
.summary nav li{margin:0}
figure,details{margin:1.75rem 0}
figcaption,summary{font-size:.9rem;margin:.5rem 0}
summary{cursor:pointer}
.panels{display:flex;flex-wrap:wrap;gap:1rem 1.5rem;align-items:flex-start}
.panel{overflow-x:auto;max-width:100%}
.panel h3{font-size:.95rem;margin:0 0 .25rem}
.panel svg{display:block}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums;overflow-wrap:normal}
th,td{padding:.28rem .7rem;text-align:left;border-bottom:1px solid #e6e9ee;vertical-align:top}
th:first-child{padding-left:0}
thead th{vertical-align:bottom;font-weight:600;border-bottom:1px solid #8d909d;max-width:7.5rem}
tbody th,td.n{white-space:nowrap}
tbody th{font-weight:400;position:sticky;left:0;background:#fff}
td:not(.n){min-width:6rem;max-width:40rem}
td.n,th.n{text-align:right}
tr.reference>*{font-weight:600}
tr.control>*{color:#59606e}
@media (max-width:30rem){body{padding:.75rem .75rem 3rem}ul{padding-left:1.25rem}nav ul{padding:0}}
@media print{.scroll,.panel{overflow:visible}tbody th{position:static}}
`.trim();
