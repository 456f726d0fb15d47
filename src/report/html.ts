/** @file The report as one HTML page: no script, nothing from the network. */
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
<title>${text(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>${text(title)}</h1>
<p class="about">${text(about)}</p>
${notes.map((note) => `<p class="note"><strong>${text(note)}</strong></p>`).join("\n")}
</header>
<main>
<section class="summary" aria-labelledby="summary">
<h2 id="summary">Summary</h2>
<ul>
${summary.map((sentence) => `<li>${text(sentence)}</li>`).join("\n")}
</ul>
<nav aria-label="Sections"><ul>
${sections.map(({ id, title: name }) => `<li><a href="#${id}">${text(name)}</a></li>`).join("\n")}
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
  return `<section aria-labelledby="${id}">\n<h2 id="${id}">${text(title)}</h2>\n${inner.join("\n")}\n</section>`;
}

async function chartHtml({ caption, source, panels }: Chart, draw: ChartDrawer): Promise<string> {
  const drawn: string[] = [];
  for (const { title, words, spec } of panels) {
    const svg = (await draw(spec)).replace(/^<svg /, `<svg role="img" aria-label="${text(words)}" `);
    drawn.push(`<div class="panel">${title === "" ? "" : `<h3>${text(title)}</h3>`}${svg}</div>`);
  }
  return `<figure>\n<div class="panels">\n${drawn.join("\n")}\n</div>\n${captionHtml(caption, source)}\n</figure>`;
}

function captionHtml(caption: string, source: string): string {
  return `<figcaption>${text(caption)} <small>${text(source)}</small></figcaption>`;
}

function partHtml(part: Exclude<Part, Chart>): string {
  if (part.kind === "paragraph") return `<p>${part.inlines.map(inline).join("")}</p>`;
  if (part.kind === "list") return `<ul>${part.items.map((item) => `<li>${text(item)}</li>`).join("")}</ul>`;
  return tableHtml(part);
}

function tableHtml({ caption, source, columns, rows, folded }: Table): string {
  const kind = (column: number) => (columns[column].numeric ? ' class="n"' : "");
  const head = columns.map(({ title }, c) => `<th scope="col"${kind(c)}>${text(title)}</th>`).join("");
  const body = rows.map(({ cells, role }) => {
    const inner = cells
      .map((cell, c) => (c === 0 ? `<th scope="row">${text(cell)}</th>` : `<td${kind(c)}>${text(cell)}</td>`))
      .join("");
    return `<tr${role === undefined ? "" : ` class="${role}"`}>${inner}</tr>`;
  });
  const table = `<div class="scroll" tabindex="0" role="group" aria-label="${text(caption)}">
<table>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table>
</div>`;
  if (folded)
    return `<details>\n<summary>${text(caption)} <small>${text(source)}</small></summary>\n${table}\n</details>`;
  return `<figure>\n${captionHtml(caption, source)}\n${table}\n</figure>`;
}

function inline(piece: Inline): string {
  return typeof piece === "string" ? text(piece) : `<a href="${text(piece.href)}">${text(piece.text)}</a>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as HTML shows it, in content and in attributes. */
function text(value: string): string {
  return value.replaceAll(/[&<>"']/g, (mark) => ENTITIES[mark]);
}
