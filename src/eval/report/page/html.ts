/** @file The report as one HTML page: nothing from the network, complete without its script. */
import { escapeXml } from "../../../viz/index.js";
import type { ChartDrawer } from "./chart-svg.js";
import type { Part, ReportDocument, Section } from "./document.js";
import { partHtml } from "./html-parts.js";
import { PAGE_SCRIPT } from "./page-script.js";
import { PAGE_STYLE } from "./page-style.js";

/** Text of `report.html`. Whatever comes from data is escaped. @param draw without it charts are left out. */
export async function reportHtml(document: ReportDocument, draw?: ChartDrawer): Promise<string> {
  const { title, facts, notes, sections } = document;
  const body: string[] = [];
  for (const section of sections) body.push(await sectionHtml(section, draw));
  const about = facts.map(([name, text]) => `<div><dt>${escapeXml(name)}</dt><dd>${escapeXml(text)}</dd></div>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${await policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>${escapeXml(title)}</h1>
<dl class="facts">
${about.join("\n")}
</dl>
${notes.map((note) => `<p class="note">${escapeXml(note)}</p>`).join("\n")}
</header>
<main>
${body.join("\n")}
</main>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

/** What the page may do: run its one script, show the pictures in it; nothing else, whatever its texts say. */
async function policy(): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(PAGE_SCRIPT)));
  const script = `script-src 'sha256-${btoa(String.fromCharCode(...hash))}'`;
  return `default-src 'none'; img-src data:; style-src 'unsafe-inline'; ${script}; base-uri 'none'; form-action 'none'`;
}

async function sectionHtml({ id, title, parts, aside, folded }: Section, draw?: ChartDrawer): Promise<string> {
  const inner = await partsHtml(parts, draw);
  if (folded) {
    return `<details id="${id}">\n<summary><h2>${escapeXml(title)}</h2></summary>\n<div class="inside">\n${inner}\n</div>\n</details>`;
  }
  const beside = aside === undefined ? "" : await partsHtml(aside, draw);
  const content =
    beside === ""
      ? inner
      : `<div class="split">\n<div class="main">\n${inner}\n</div>\n<aside>\n${beside}\n</aside>\n</div>`;
  return `<section aria-labelledby="${id}">\n<h2 id="${id}">${escapeXml(title)}</h2>\n${content}\n</section>`;
}

async function partsHtml(parts: readonly Part[], draw?: ChartDrawer): Promise<string> {
  const texts: string[] = [];
  for (const part of parts) texts.push(await partHtml(part, draw));
  return texts.filter((text) => text !== "").join("\n");
}
