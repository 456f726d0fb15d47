/** @file Parts of the page: paragraphs, tables, charts, examples, terms. */
import { escapeXml } from "../../../viz/index.js";
import type { ChartDrawer } from "./chart-svg.js";
import type { Cell, Chart, Example, Inline, Part, RichCell, Table, Term, Thumbnail, Whisker } from "./document.js";

/** Markup of a part. @param draw without it a chart is nothing. */
export async function partHtml(part: Part, draw: ChartDrawer | undefined): Promise<string> {
  switch (part.kind) {
    case "chart":
      return draw === undefined ? "" : chartHtml(part, draw);
    case "paragraph":
      return `<p>${inlines(part.inlines)}</p>`;
    case "list":
      return `<ul>${part.items.map((item) => `<li>${escapeXml(item)}</li>`).join("")}</ul>`;
    case "examples":
      return `<div class="examples">\n${part.items.map(exampleHtml).join("\n")}\n</div>`;
    case "terms":
      return `<dl class="terms">\n${part.items.map(termHtml).join("\n")}\n</dl>`;
    case "table":
      return tableHtml(part);
  }
}

async function chartHtml({ caption, panels }: Chart, draw: ChartDrawer): Promise<string> {
  const drawn: string[] = [];
  for (const { title, words, spec } of panels) {
    const svg = (await draw(spec)).replace(/^<svg /, `<svg role="img" aria-label="${escapeXml(words)}" `);
    drawn.push(`<div class="panel">${title === undefined ? "" : `<h3>${escapeXml(title)}</h3>`}${svg}</div>`);
  }
  return `<figure>\n<div class="panels">\n${drawn.join("\n")}\n</div>\n<figcaption>${escapeXml(caption)}</figcaption>\n</figure>`;
}

function tableHtml({ caption, source, columns, rows, sortedBy, folded }: Table): string {
  const kind = (column: number) => (columns[column].numeric ? ' class="n"' : "");
  const sorted = (column: number) => (column === sortedBy ? ' aria-sort="descending"' : "");
  const head = columns.map(({ title }, c) => `<th scope="col"${kind(c)}${sorted(c)}>${escapeXml(title)}</th>`).join("");
  const body = rows.map(({ cells, role }) => {
    const inner = cells.map((cell, c) => {
      const [tag, end] = c === 0 ? ['th scope="row"', "th"] : [`td${kind(c)}`, "td"];
      return `<${tag}${cellFacts(cell)}>${cellHtml(cell)}</${end}>`;
    });
    return `<tr${role === undefined ? "" : ` class="${role}"`}>${inner.join("")}</tr>`;
  });
  const table = `<div class="scroll" tabindex="0" role="group" aria-label="${escapeXml(caption)}">
<table>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table>
</div>`;
  const words = `${escapeXml(caption)}${source === undefined ? "" : ` <small>${escapeXml(source)}</small>`}`;
  if (folded) return `<details>\n<summary><small>${words}</small></summary>\n${table}\n</details>`;
  return `<figure class="table">\n<figcaption>${words}</figcaption>\n${table}\n</figure>`;
}

function cellFacts(cell: Cell): string {
  if (typeof cell === "string") return "";
  const { value, note } = cell;
  const known = value !== undefined && Number.isFinite(value);
  return `${known ? ` data-value="${value}"` : ""}${note === undefined ? "" : ` title="${escapeXml(note)}"`}`;
}

function cellHtml(cell: Cell): string {
  if (typeof cell === "string") return escapeXml(cell);
  const { text, href, tag, whisker }: RichCell = cell;
  const words = href === undefined ? escapeXml(text) : inline({ text, href });
  const mark = tag === undefined ? "" : ` <span class="tag">${escapeXml(tag)}</span>`;
  return `${whisker === undefined ? "" : whiskerSvg(whisker)}${words}${mark}`;
}

/** Width and height of a whisker's own axis. */
const [LONG, HIGH] = [100, 12];

function whiskerSvg({ at, low, high }: Whisker): string {
  const x = (share: number) => (4 + (LONG - 8) * Math.min(1, Math.max(0, share))).toFixed(1);
  const middle = HIGH / 2;
  const line = (from: string, to: string, name: string) =>
    `<line${name} x1="${from}" x2="${to}" y1="${middle}" y2="${middle}"/>`;
  return `<svg class="whisker" viewBox="0 0 ${LONG} ${HIGH}" aria-hidden="true">${line(x(0), x(1), ' class="axis"')}${line(x(low), x(high), "")}<circle cx="${x(at)}" cy="${middle}" r="3.5"/></svg>`;
}

function exampleHtml({ title, facts, note, picture, words }: Example): string {
  const rows = facts.map(([name, text]) => `<div><dt>${escapeXml(name)}</dt><dd>${escapeXml(text)}</dd></div>`);
  const drawing = picture === undefined ? "" : thumbnailSvg(picture, words);
  return `<figure class="example">${drawing}<figcaption><h3>${escapeXml(title)}</h3><dl>${rows.join("")}</dl><p>${escapeXml(note)}</p></figcaption></figure>`;
}

/** The picture; what has no row of its own is washed out. */
function thumbnailSvg({ dataUri, width, height, cells }: Thumbnail, words: string): string {
  const wash = cells === undefined ? "" : washPath(cells, width, height);
  return `<svg role="img" aria-label="${escapeXml(words)}" viewBox="0 0 ${width} ${height}"><image href="${escapeXml(dataUri)}" width="${width}" height="${height}"/>${wash}</svg>`;
}

function washPath({ rows, columns, own }: NonNullable<Thumbnail["cells"]>, width: number, height: number): string {
  const kept = new Set(own);
  let d = "";
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; ) {
      let length = 0;
      while (column + length < columns && !kept.has(row * columns + column + length)) length++;
      if (length > 0) d += `M${column} ${row}h${length}v1h-${length}z`;
      column += Math.max(1, length);
    }
  }
  const scale = `scale(${Number((width / columns).toFixed(4))} ${Number((height / rows).toFixed(4))})`;
  return d === "" ? "" : `<path transform="${scale}" d="${d}" fill="#fff" fill-opacity=".72"/>`;
}

function termHtml({ id, name, meaning }: Term): string {
  return `<div${id === undefined ? "" : ` id="${escapeXml(id)}"`}><dt>${escapeXml(name)}</dt><dd>${inlines(meaning)}</dd></div>`;
}

function inlines(pieces: readonly Inline[]): string {
  return pieces.map(inline).join("");
}

function inline(piece: Inline): string {
  return typeof piece === "string"
    ? escapeXml(piece)
    : `<a href="${escapeXml(piece.href)}">${escapeXml(piece.text)}</a>`;
}
