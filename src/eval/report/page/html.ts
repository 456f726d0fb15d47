/** @file The report as one HTML page: no script, nothing from the network. */
import { escapeXml } from "../../../viz/index.js";
import type { ChartDrawer } from "./chart-svg.js";
import type { Chart, Inline, Part, ReportDocument, Section, Table } from "./document.js";
import { PAGE_STYLE } from "./page-style.js";

/** Text of `report.html`. Whatever comes from data is escaped. */
export async function reportHtml(document: ReportDocument, draw: ChartDrawer): Promise<string> {
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

async function sectionHtml({ id, title, parts }: Section, draw: ChartDrawer): Promise<string> {
  const inner: string[] = [];
  for (const part of parts) inner.push(part.kind === "chart" ? await chartHtml(part, draw) : partHtml(part));
  return `<section aria-labelledby="${id}">\n<h2 id="${id}">${escapeXml(title)}</h2>\n${inner.join("\n")}\n</section>`;
}

async function chartHtml({ caption, source, panels }: Chart, draw: ChartDrawer): Promise<string> {
  const drawn: string[] = [];
  for (const { title, words, spec } of panels) {
    const svg = (await draw(spec)).replace(/^<svg /, `<svg role="img" aria-label="${escapeXml(words)}" `);
    drawn.push(`<div class="panel">${title === "" ? "" : `<h3>${escapeXml(title)}</h3>`}${svg}</div>`);
  }
  return `<figure>\n<div class="panels">\n${drawn.join("\n")}\n</div>\n${captionHtml(caption, source)}\n</figure>`;
}

function captionHtml(caption: string, source: string): string {
  return `<figcaption>${escapeXml(caption)} <small>${escapeXml(source)}</small></figcaption>`;
}

function partHtml(part: Exclude<Part, Chart>): string {
  if (part.kind === "paragraph") return `<p>${part.inlines.map(inline).join("")}</p>`;
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
