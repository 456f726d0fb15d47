/** The report's page in a browser: its height, its width on a phone, its one script, its dark side. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { type AgreementRun, agreementNumbers } from "../../src/eval/agreement/agreement-numbers.js";
import { type RunData, reportNumbers } from "../../src/eval/index.js";
import { agreementDocument } from "../../src/eval/report/page/agreement-document.js";
import { chartDrawer } from "../../src/eval/report/page/chart-svg.js";
import { reportHtml } from "../../src/eval/report/page/html.js";
import { reportDocument } from "../../src/eval/report/page/report-document.js";
import { keyText } from "../../src/eval/run/answer-record.js";
import { largeRun } from "../eval/report/make-run.js";
import { chromium } from "./chromium.js";

/** What a probe finds in pages of several widths: the page unchanged in a frame, the probe outside it. */
function probe<T>(page: string, widths: readonly number[], script: string, flags: readonly string[] = []): T[] {
  const folder = mkdtempSync(join(tmpdir(), "recoup-report-page-"));
  const frames = widths.map((width) => `<iframe style="width:${width}px;height:900px;border:0"></iframe>`).join("");
  const data = JSON.stringify(page).replaceAll("<", "\\u003c");
  const text = `<!doctype html>${frames}<pre></pre><script>
const frames = [...document.querySelectorAll("iframe")];
const loaded = frames.map((frame) => new Promise((resolve) => frame.addEventListener("load", resolve)));
for (const frame of frames) frame.srcdoc = ${data};
Promise.all(loaded).then(() => {
  const found = frames.map((frame) => ((document, window) => { ${script} })(frame.contentDocument, frame.contentWindow));
  document.querySelector("pre").textContent = "FOUND" + encodeURIComponent(JSON.stringify(found)) + "END";
});
</script>`;
  try {
    const path = join(folder, "probe.html");
    writeFileSync(path, text);
    const usual = ["--headless=new", "--no-sandbox", "--no-first-run", "--dump-dom", "--virtual-time-budget=20000"];
    const words = [...usual, ...flags, `--user-data-dir=${join(folder, "profile")}`, pathToFileURL(path).href];
    const { stdout } = spawnSync(chromium as string, words, { encoding: "utf8", maxBuffer: 2 ** 28, timeout: 60_000 });
    return JSON.parse(decodeURIComponent(/FOUND([^<]*?)END<\/pre>/.exec(stdout)?.[1] ?? "null"));
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** The first task of a run as one without right answers. */
function withoutTruth({ state, settings }: RunData): AgreementRun {
  const [task] = state.tasks;
  const rows = [...settings.values()].flatMap((own) => own.rows[task.id]);
  return {
    state: { ...state, tasks: [task] },
    samples: (settings.get("none")?.rows[task.id] ?? []).map(({ sample }) => sample),
    records: new Map(rows.map(({ record }) => [keyText(record), record])),
  };
}

describe.skipIf(chromium === undefined)("the page in Chromium", { timeout: 120_000 }, () => {
  let page: string;
  let ownPage: string;
  /** With the KL of first tokens, and open tasks beside letters of options. */
  let fullPage: string;
  let fullOwnPage: string;
  beforeAll(async () => {
    const run = largeRun({ samples: 60 });
    const draw = await chartDrawer();
    page = await reportHtml(reportDocument(reportNumbers(run)), draw);
    ownPage = await reportHtml(agreementDocument(agreementNumbers(withoutTruth(run))), draw);
    const full = largeRun({ samples: 60, tasks: ["syn_textvqa", "syn_mme", "syn_mmbench"], logits: true });
    fullPage = await reportHtml(reportDocument(reportNumbers(full)), draw);
    fullOwnPage = await reportHtml(agreementDocument(agreementNumbers(withoutTruth(full))), draw);
  });

  it("is some screens high, and as wide as its window on a phone, too", () => {
    const script = `const root = document.documentElement;
       const sizes = [...document.querySelectorAll("p, li, td, th, dd, figcaption")].map((e) => parseFloat(window.getComputedStyle(e).fontSize));
       return { height: root.scrollHeight, width: root.scrollWidth, letters: Math.min(...sizes) };`;
    for (const text of [page, fullPage]) {
      const found = probe<{ height: number; width: number; letters: number }>(text, [1280, 768, 400], script);
      expect(found.map(({ width }) => width)).toEqual(
        [1280, 768, 400].map((width) => expect.toSatisfy((own: number) => own <= width)),
      );
      // 20,000 pixels before its parts were folded and put beside each other.
      expect(found[0].height).toBeLessThan(4000);
      expect(found[2].height).toBeLessThan(7000);
      for (const { letters } of found) expect(letters).toBeGreaterThanOrEqual(13);
    }
  });

  it("no column of the first table is cut off while the window has room for the table, of runs with answers and without", () => {
    const script = `const scroll = document.querySelector(".main .scroll");
      return { hidden: scroll.scrollWidth - scroll.clientWidth };`;
    const widths = [1600, 1280, 1200, 1024, 900];
    for (const text of [page, ownPage, fullPage, fullOwnPage]) {
      const found = probe<{ hidden: number }>(text, widths, script);
      expect(found.map(({ hidden }) => hidden)).toEqual(widths.map(() => 0));
    }
  });

  it("sorts by the head that is pressed, all tokens first, what has no number last", () => {
    const [found] = probe<{ orders: string[][]; sorted: (string | null)[] }>(
      page,
      [1280],
      `const table = document.querySelector("table");
       const heads = [...table.tHead.rows[0].cells];
       const column = (c) => [...table.tBodies[0].rows].map((row) => row.cells[c].textContent);
       const orders = [];
       const press = (c) => { heads[c].querySelector("button").click(); orders.push(column(c)); };
       press(1); press(1); press(0); press(5);
       return { orders, sorted: heads.map((head) => head.getAttribute("aria-sort")) };`,
    );
    const [down, up, names, faster] = found.orders;
    for (const order of [down, up]) expect(order[0]).toBe("576.0");
    const numbers = (order: readonly string[]) => order.slice(1).map(Number);
    expect(numbers(down)).toEqual(numbers(down).toSorted((a, b) => b - a));
    expect(numbers(up)).toEqual(numbers(up).toSorted((a, b) => a - b));
    expect(names[0]).toContain("all tokens");
    expect(names[1]).toContain("cdpruner@32");
    expect(faster.at(-1)).toBe("–");
    expect(found.sorted).toEqual([null, null, null, null, null, "descending", null]);
  });

  it("opens what a link leads to, and runs no script but its own", () => {
    const attacked = page.replace("</main>", "<script>document.title = 'taken'</script></main>");
    const [found] = probe<{ open: boolean; before: boolean; title: string }>(
      attacked,
      [1280],
      `const terms = document.getElementById("terms");
       const before = terms.open;
       window.location.hash = "#method-recoverable";
       window.dispatchEvent(new window.Event("hashchange"));
       return { before, open: terms.open, title: document.title };`,
    );
    expect(found).toEqual({ before: false, open: true, title: "Fewer visual tokens: what stays of the answers" });
  });

  it("has a dark side, charts too", () => {
    const colors = `const style = (at) => window.getComputedStyle(document.querySelector(at));
      return [style("body").backgroundColor, style("body").color, style('.panel text[fill="#1c2330"]').fill];`;
    const [light] = probe<string[]>(page, [1280], colors);
    const [dark] = probe<string[]>(page, [1280], colors, ["--blink-settings=preferredColorScheme=0"]);
    expect(light).toEqual(["rgb(255, 255, 255)", "rgb(28, 35, 48)", "rgb(28, 35, 48)"]);
    expect(dark).toEqual(["rgb(20, 24, 31)", "rgb(228, 232, 238)", "rgb(228, 232, 238)"]);
  });
});
