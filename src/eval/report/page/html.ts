/** @file The report as one HTML page: no script, nothing from the network. */
import { escapeXml } from "../../../viz/index.js";
import type { ChartDrawer } from "./chart-svg.js";
import type { Chart, Inline, Part, ReportDocument, Section, Table } from "./document.js";

/** Text of `report.html`. Whatever comes from data is escaped. @param draw not called for a document without charts. */
export async function reportHtml(document: ReportDocument, draw: ChartDrawer = noDrawer): Promise<string> {
  const { title, about, notes, summary, sections } = document;
  const body: string[] = [];
  for (const section of sections) body.push(await sectionHtml(section, draw));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>${escapeXml(title)}</h1>
<p class="about">${escapeXml(about)}</p>
${notes.map((note) => `<p class="note"><strong>${escapeXml(note)}</strong></p>`).join("\n")}
</header>
<main>
<section class="summary" aria-labelledby="summary">
<h2 id="summary">Summary</h2>
<ul>
${summary.map((sentence) => `<li>${escapeXml(sentence)}</li>`).join("\n")}
</ul>
<nav aria-label="Sections"><ul>
${sections.map(({ id, title: name }) => `<li><a href="#${id}">${escapeXml(name)}</a></li>`).join("\n")}
</ul></nav>
</section>
${body.join("\n")}
</main>
</body>
</html>
`;
}

async function noDrawer(): Promise<never> {
  throw new TypeError("a document with charts needs a drawer");
}

async function sectionHtml({ id, title, parts }: Section, draw: ChartDrawer): Promise<string> {
  const inner: string[] = [];
  for (const part of parts) inner.push(part.kind === "chart" ? await chartHtml(part, draw) : partHtml(part));
  return `<section aria-labelledby="${id}">\n<h2 id="${id}">${escapeXml(title)}</h2>\n${inner.join("\n")}\n</section>`;
}

async function chartHtml({ caption, source, panels }: Chart, draw: ChartDrawer): Promise<string> {
  const drawn: string[] = [];
  for (const { title, words, spec } of panels) {
    const svg = (await draw(spec)).replace(/^<svg /, `<svg role="img" aria-label="${escapeXml(words)}" `);
    drawn.push(`<div class="panel">${title === undefined ? "" : `<h3>${escapeXml(title)}</h3>`}${svg}</div>`);
  }
  return `<figure>\n<div class="panels">\n${drawn.join("\n")}\n</div>\n${captionHtml(caption, source)}\n</figure>`;
}

function captionHtml(caption: string, source: string): string {
  return `<figcaption>${escapeXml(caption)} <small>${escapeXml(source)}</small></figcaption>`;
}

function partHtml(part: Exclude<Part, Chart>): string {
  if (part.kind === "paragraph") return `<p>${part.inlines.map(inline).join("")}</p>`;
  if (part.kind === "figure") {
    return `<figure class="picture">\n<figcaption>${escapeXml(part.caption)}</figcaption>\n${part.svg}\n</figure>`;
  }
  if (part.kind === "list") return `<ul>${part.items.map((item) => `<li>${escapeXml(item)}</li>`).join("")}</ul>`;
  return tableHtml(part);
}

function tableHtml({ caption, source, columns, rows, folded }: Table): string {
  const kind = (column: number) => (columns[column].numeric ? ' class="n"' : "");
  const head = columns.map(({ title }, c) => `<th scope="col"${kind(c)}>${escapeXml(title)}</th>`).join("");
  const body = rows.map(({ cells, role }) => {
    const inner = cells
      .map((cell, c) => (c === 0 ? `<th scope="row">${escapeXml(cell)}</th>` : `<td${kind(c)}>${escapeXml(cell)}</td>`))
      .join("");
    return `<tr${role === undefined ? "" : ` class="${role}"`}>${inner}</tr>`;
  });
  const table = `<div class="scroll" tabindex="0" role="group" aria-label="${escapeXml(caption)}">
<table>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table>
</div>`;
  if (folded)
    return `<details>\n<summary>${escapeXml(caption)} <small>${escapeXml(source)}</small></summary>\n${table}\n</details>`;
  return `<figure>\n${captionHtml(caption, source)}\n${table}\n</figure>`;
}

function inline(piece: Inline): string {
  return typeof piece === "string"
    ? escapeXml(piece)
    : `<a href="${escapeXml(piece.href)}">${escapeXml(piece.text)}</a>`;
}

/** Content of the page's `style` element: one column, tables and charts scroll in their own boxes. */
const PAGE_STYLE = `
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
.picture svg{max-width:100%;height:auto}
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
