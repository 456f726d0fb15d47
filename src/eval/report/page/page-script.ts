/** @file The page's own script: sorts tables and opens what a link leads to. The page is complete without it. */

/** Content of the page's one `script` element; the page's policy lets nothing else run. */
export const PAGE_SCRIPT = `
"use strict";
const numberOf = (cell) => {
  const given = cell.dataset.value ?? cell.textContent.replaceAll("\\u2212", "-").replace(/[\\s<]/g, "");
  const number = Number.parseFloat(given);
  return Number.isFinite(number) ? number : null;
};
for (const table of document.querySelectorAll("table")) {
  const heads = Array.from(table.tHead.rows[0].cells);
  heads.forEach((head, column) => {
    const isNumeric = head.classList.contains("n");
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      const order = before === null ? (isNumeric ? "descending" : "ascending") : before === "ascending" ? "descending" : "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const body = table.tBodies[0];
      const rows = Array.from(body.rows, (row) => ({
        row,
        isFirst: row.classList.contains("reference"),
        value: isNumeric ? numberOf(row.cells[column]) : row.cells[column].textContent,
      }));
      rows.sort((a, b) => {
        if (a.isFirst !== b.isFirst) return a.isFirst ? -1 : 1;
        if (!isNumeric) return sign * a.value.localeCompare(b.value, "en", { numeric: true });
        if (a.value === null || b.value === null) return (a.value === null ? 1 : 0) - (b.value === null ? 1 : 0);
        return sign * (a.value - b.value);
      });
      body.append(...rows.map(({ row }) => row));
    });
  });
}
const open = () => {
  const target = location.hash === "" ? null : document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target === null) return;
  for (let at = target; at !== null; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  target.scrollIntoView();
};
addEventListener("hashchange", open);
open();
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
`.trim();
