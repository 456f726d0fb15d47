import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  InvalidInputError,
  identityPlan,
  orderRows,
  ownRow,
  type PlanRow,
  squareGrid,
  type TokenGrid,
} from "../core/index.js";
import { ROLE_COLORS } from "./colors.js";
import { type PlanSvgOptions, planToSvg } from "./plan-svg.js";

/** A start tag of a well-formed document, in document order. */
interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Text directly inside. */
  text: string;
}

/** Reads an XML document without comments, entities of its own and CDATA; throws where it is not well-formed. */
function parseXml(xml: string): Tag[] {
  const tags: Tag[] = [];
  const open: Tag[] = [];
  const token = /<(\/?)([A-Za-z]+)((?: [A-Za-z:-]+="[^"<]*")*)(\/?)>|([^<]+)/y;
  while (token.lastIndex < xml.length) {
    const at = token.lastIndex;
    const [, closing, name, list, empty, text] = token.exec(xml) ?? [];
    if (text !== undefined) {
      const parent = open.at(-1);
      if (!parent) throw new Error(`text outside the root at ${at}`);
      parent.text += unescapeXml(text);
    } else if (closing) {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes nothing at ${at}`);
    } else if (name) {
      const attributes = new Map<string, string>();
      for (const [, key, value] of list.matchAll(/ ([A-Za-z:-]+)="([^"]*)"/g)) {
        if (attributes.has(key)) throw new Error(`${key} twice at ${at}`);
        attributes.set(key, unescapeXml(value));
      }
      const tag = { name, attributes, text: "" };
      if (tags.length > 0 && open.length === 0) throw new Error(`a second root at ${at}`);
      tags.push(tag);
      if (!empty) open.push(tag);
    } else {
      throw new Error(`not well-formed at ${at}: ${xml.slice(at, at + 40)}`);
    }
  }
  if (open.length > 0) throw new Error(`<${open[0].name}> is never closed`);
  return tags;
}

function unescapeXml(text: string): string {
  return text.replace(/&([^;]*);?/g, (whole, name: string) => {
    const characters: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
    if (!whole.endsWith(";") || !(name in characters)) throw new Error(`bad reference ${whole}`);
    return characters[name];
  });
}

const merged = (anchor: number, neighbors: number[]): PlanRow => ({
  role: "merged",
  anchor,
  sources: [anchor, ...neighbors],
  weights: [1, ...neighbors.map((_, i) => 0.9 / (i + 1))],
});

/** 20 visual, 12 text, 12 merged of 32 neighbors each, a residual over all that is left. */
function typicalPlan(count = 576) {
  const spread = (i: number) => (i * 37 + 11) % count; // 37 has no factor in common with 576 and 2880
  const own = Array.from({ length: 32 }, (_, i) => ownRow(i < 20 ? "visual" : "text", spread(i)));
  const rest = Array.from({ length: count - 32 }, (_, i) => spread(i + 32));
  const centers = rest.slice(0, 12);
  const others = rest.slice(12);
  const rows = centers.map((center, i) => merged(center, others.slice(i * 16, i * 16 + 32)));
  const residual: PlanRow = { role: "residual", anchor: others[0], sources: others, weights: others.map(() => 0.01) };
  return orderRows([...own, ...rows, residual], count, "append");
}

const ramp = (count: number) => Float32Array.from({ length: count }, (_, i) => (i + 1) / count);
const texts = (svg: string) =>
  parseXml(svg)
    .filter(({ name }) => name === "text")
    .map(({ text }) => text);
const paths = (svg: string, wanted: Record<string, string>) =>
  parseXml(svg).filter(
    ({ name, attributes }) =>
      name === "path" && Object.entries(wanted).every(([key, value]) => attributes.get(key) === value),
  );
/** The lines from centers to neighbors: round caps, three shades of the merged color. */
const linkStarts = (svg: string) =>
  paths(svg, { "stroke-linecap": "round", stroke: ROLE_COLORS.merged })
    .flatMap(({ attributes }) => attributes.get("d")?.match(/M[^M]*L[^M]*/g) ?? [])
    .map((line) => line.slice(1, line.indexOf("L")));

const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

describe("planToSvg", () => {
  it("says how much is kept, and counts rows and tokens of each role", () => {
    const words = texts(planToSvg(typicalPlan(), { grids: [squareGrid(576)] }));
    expect(words).toContain("45 of 576 tokens (7.8 %)");
    // 11 · 16 + 32 = 208 different neighbors; 576 - 32 - 12 - 208 = 324 tokens in the residual alone.
    for (const line of [
      "Visual: 20 rows",
      "Text: 12 rows",
      "Merged: 12 rows",
      "12 centers, 208 neighbors",
      "Residual: 1 row",
      "324 other tokens",
      "Dropped: 0 tokens",
    ]) {
      expect(words).toContain(line);
    }
  });

  it("counts dropped tokens", () => {
    const svg = planToSvg(orderRows([ownRow("visual", 3)], 9, "append"), { grids: [squareGrid(9)] });
    expect(texts(svg)).toEqual(
      expect.arrayContaining(["1 of 9 tokens (11.1 %)", "Visual: 1 row", "Dropped: 8 tokens"]),
    );
  });

  it("marks each token in its own cell", () => {
    const plan = orderRows([ownRow("visual", 5), ownRow("text", 7), merged(1, [0])], 12, "append");
    const svg = planToSvg(plan, { grids: [{ rows: 3, columns: 4, offset: 0 }] });
    // Frames begin a sixteenth of a cell inside; the first path of a color is the plan's, the second the legend's.
    expect(paths(svg, { fill: ROLE_COLORS.visual })[0].attributes.get("d")).toBe("M1.06 1.06h.88v.88h-.88z");
    expect(paths(svg, { fill: ROLE_COLORS.text })[0].attributes.get("d")).toBe("M3.06 1.06h.88v.88h-.88z");
    expect(paths(svg, { fill: ROLE_COLORS.merged, "fill-opacity": ".58" })[0].attributes.get("d")).toBe("M0 0h1v1h-1z");
    const center = parseXml(svg).find(
      ({ attributes }) => attributes.get("fill") === ROLE_COLORS.merged && attributes.has("stroke"),
    );
    expect(center?.attributes.get("d")).toMatch(/^M1\.16 \.5a/);
    expect(linkStarts(svg)).toEqual(["1.5 .5"]);
  });

  it("draws links for merged rows only, at most five each", () => {
    const svg = planToSvg(typicalPlan(), { grids: [squareGrid(576)] });
    const starts = new Set(linkStarts(svg));
    const centers = Array.from({ length: 12 }, (_, i) => ((i + 32) * 37 + 11) % 576);
    for (const center of centers) {
      expect(starts).toContain(`${(center % 24) + 0.5} ${Math.floor(center / 24) + 0.5}`.replace(/\b0\./g, "."));
    }
    const dots = paths(svg, { "stroke-linecap": "round", stroke: ROLE_COLORS.merged }).flatMap(
      ({ attributes }) => attributes.get("d")?.match(/h/g) ?? [],
    ).length;
    expect(dots).toBe(60);
    const without = orderRows([ownRow("visual", 0), { ...merged(1, [2, 3]), role: "residual" }], 4, "append");
    expect(linkStarts(planToSvg(without, { grids: [squareGrid(4)] }))).toEqual([]);
  });

  it("leads links under the cells of kept tokens", () => {
    // Center 0, neighbor 4 of a strip, token 2 kept between them: the line has two parts, 0.5 to 2 and 3 to 4.5.
    const plan = orderRows([ownRow("visual", 2), merged(0, [4])], 5, "append");
    const svg = planToSvg(plan, { grids: [{ rows: 1, columns: 5, offset: 0 }] });
    const [link] = paths(svg, { "stroke-linecap": "round", stroke: ROLE_COLORS.merged });
    expect(link.attributes.get("d")).toBe("M.5 .5L2 .5M3 .5L4.5 .5");
  });

  it("draws links inside a grid only", () => {
    const grids = [squareGrid(4), { rows: 2, columns: 2, offset: 4 }];
    const svg = planToSvg(orderRows([merged(0, [4, 5, 3])], 8, "append"), { grids });
    const ends = paths(svg, { "stroke-linecap": "round", stroke: ROLE_COLORS.merged })[0].attributes.get("d");
    expect(ends).toBe("M.5 .5L1.5 1.5");
    expect(texts(svg).join(" ")).toContain("in the same grid");
  });

  it("escapes all text", () => {
    const nasty = `<script>alert("1")</script> & 'x' ]]> \u0001`;
    const svg = planToSvg(identityPlan(1), {
      grids: [squareGrid(1)],
      title: nasty,
      subtitle: nasty,
      question: nasty,
    });
    expect(svg).not.toContain("<script");
    const shown = nasty.replace("\u0001", "\ufffd");
    expect(texts(svg)).toEqual(expect.arrayContaining([shown, `Question: ${shown}`]));
    expect(parseXml(svg).find(({ name }) => name === "title")?.text).toContain(shown);
  });

  it("has a line below the question for what the caller knows of it", () => {
    const svg = planToSvg(identityPlan(4), {
      grids: [squareGrid(4)],
      question: "Why?",
      note: "points at nothing <here>",
    });
    const [question, note] = ["Question: Why?", "points at nothing &lt;here&gt;"].map((text) => svg.indexOf(text));
    expect(question).toBeGreaterThan(0);
    expect(note).toBeGreaterThan(question);
  });

  it("is well-formed for any title and question", () => {
    const text = fc.string({ unit: "binary", maxLength: 300 });
    fc.assert(
      fc.property(text, text, (title, question) => {
        parseXml(planToSvg(identityPlan(4), { grids: [squareGrid(4)], title, question, width: 300 }));
      }),
      { numRuns: 50 },
    );
  });

  it("has no script, no id and no reference to anything outside", () => {
    const svg = planToSvg(typicalPlan(), { grids: [squareGrid(576)], image: { dataUri: PIXEL }, title: "x" });
    for (const { name, attributes } of parseXml(svg)) {
      expect(["svg", "g", "path", "rect", "text", "title", "image"]).toContain(name);
      expect(attributes.has("id")).toBe(false);
      for (const [key, value] of attributes) {
        if (key === "href") expect(value).toBe(PIXEL);
        else if (key !== "xmlns") expect(value).not.toMatch(/url\(|:\/\//);
      }
    }
  });

  it("lays the picture below the cells once, cut as asked", () => {
    const svg = planToSvg(identityPlan(4), { grids: [squareGrid(4)], image: { dataUri: PIXEL, fit: "contain" } });
    const images = parseXml(svg).filter(({ name }) => name === "image");
    expect(images).toHaveLength(1);
    expect(images[0].attributes.get("preserveAspectRatio")).toBe("xMidYMid meet");
    expect(svg.indexOf("<image")).toBeLessThan(svg.indexOf(ROLE_COLORS.visual));
  });

  it("washes out merged, residual and dropped cells of a picture, and leaves kept cells and centers clear", () => {
    const residual: PlanRow = { role: "residual", anchor: 3, sources: [3], weights: [1] };
    const plan = orderRows([ownRow("visual", 0), merged(1, [2]), residual], 5, "append");
    const grids = [{ rows: 1, columns: 5, offset: 0 }];
    const svg = planToSvg(plan, { grids, image: { dataUri: PIXEL } });
    const wash = paths(svg, { fill: "#ffffff" }).slice(0, 3);
    expect(wash.map(({ attributes }) => attributes.get("d"))).toEqual(["M2 0h1v1h-1z", "M3 0h1v1h-1z", "M4 0h1v1h-1z"]);
    const opacity = wash.map(({ attributes }) => Number(attributes.get("fill-opacity")));
    expect(opacity).toEqual([...opacity].sort());
  });

  it("says the mass of rows by a bar at the foot of the cell that each stands at, as long as its logarithm", () => {
    const rows = [ownRow("visual", 0), ownRow("visual", 4), { ...ownRow("text", 7), mass: 9 }, merged(2, [3])];
    const masses = [1, 3, 9, 81];
    const plan = orderRows(
      rows.map((row, i) => ({ ...row, mass: masses[i] })),
      9,
      "append",
    );
    const svg = planToSvg(plan, { grids: [squareGrid(9)], image: { dataUri: PIXEL } });
    const bars = (color: string) =>
      paths(svg, { fill: "none", stroke: color })
        .filter(({ attributes }) => !attributes.has("stroke-linecap"))
        .flatMap(({ attributes }) => attributes.get("d")?.match(/^(M[\d. ]+h[\d.]+)+$/g) ?? []);
    // log 3 and log 9 are a quarter and a half of log 81; the legend's swatch is the other blue one.
    expect(bars(ROLE_COLORS.visual)).toEqual(["M1.2 1.76h.15", "M.2 .76h.6"]);
    expect(bars(ROLE_COLORS.text)).toEqual(["M1.2 2.76h.3"]);
    expect(bars(ROLE_COLORS.merged)).toEqual(["M2.2 .92h.6"]);
    expect(texts(svg)).toContain("Mass: up to 81 tokens");
  });

  it("says nothing of mass where no row has more than one token's", () => {
    const options = { grids: [squareGrid(9)] };
    const plan = orderRows([ownRow("visual", 0), merged(4, [3])], 9, "append");
    const plain = planToSvg(plan, options);
    expect(plain).not.toContain("Mass");
    expect(planToSvg({ ...plan, mass: Float32Array.of(1, 1) }, options)).toBe(plain);
    expect(planToSvg({ ...plan, mass: Float32Array.of(0.5, 1) }, options)).toBe(plain);
    const [told, much] = [1.254, 3e38].map((each) => planToSvg({ ...plan, mass: Float32Array.of(1, each) }, options));
    expect(texts(told)).toContain("Mass: up to 1.25 tokens");
    expect(texts(much)).toContain("Mass: up to 3e+38 tokens");
  });

  it("draws heat maps with their scale, ends and name", () => {
    const attention = Float32Array.of(0, 0.25, 0.5, 1);
    const svg = planToSvg(identityPlan(4), {
      grids: [squareGrid(4)],
      signals: { clsAttention: attention, textSimilarity: [0.00012, 0.00012, 0.00012, 0.00012] },
    });
    expect(texts(svg)).toEqual(
      expect.arrayContaining(["CLS attention", "square root scale", "0", "1", "Text similarity", "1.2e-4 everywhere"]),
    );
    // The square root of 0.25 is the middle of the scale: level 16 of 0 … 31, where linear would give 8.
    const fills = paths(svg, {});
    const cell = fills.find(({ attributes }) => attributes.get("d") === "M1 0h1v1h-1z" && attributes.has("fill"));
    const bars = fills.filter(({ attributes }) => attributes.get("d")?.includes("v6H"));
    expect(bars).toHaveLength(32);
    expect(cell?.attributes.get("fill")).toBe(bars[16].attributes.get("fill"));
  });

  const tiles: TokenGrid[] = Array.from({ length: 5 }, (_, i) => ({ rows: 24, columns: 24, offset: i * 576 }));
  const layouts: [string, number, TokenGrid[]][] = [
    ["one square picture", 576, [squareGrid(576)]],
    ["a wide picture", 600, [{ rows: 12, columns: 50, offset: 0 }]],
    ["a tall picture", 600, [{ rows: 60, columns: 10, offset: 0 }]],
    ["a strip", 300, [{ rows: 1, columns: 300, offset: 0 }]],
    ["a column", 300, [{ rows: 300, columns: 1, offset: 0 }]],
    ["five tiles", 2880, tiles],
  ];
  it.each(layouts)("keeps %s inside the drawing at every width", (_, count, grids) => {
    for (const width of [240, 480, 719, 960, 1200]) {
      const plan = typicalPlan(count);
      const signals = { clsAttention: ramp(count), textSimilarity: ramp(count) };
      const tags = parseXml(planToSvg(plan, { grids, signals, width }));
      expect(tags[0].attributes.get("width")).toBe(String(width));
      const height = Number(tags[0].attributes.get("height"));
      for (const { right, bottom } of gridBoxes(planToSvg(plan, { grids, signals, width }), grids)) {
        expect(right).toBeLessThanOrEqual(width);
        expect(bottom).toBeLessThanOrEqual(height);
      }
    }
  });

  /** Right and bottom edges of all scaled groups (grids and maps), on the page. */
  function gridBoxes(svg: string, grids: readonly TokenGrid[]): { right: number; bottom: number }[] {
    const boxes: { right: number; bottom: number }[] = [];
    const origins = [{ x: 0, y: 0 }];
    let seen = 0;
    for (const [tag, closing, x, y, scale] of svg.matchAll(
      /<(\/?)g(?: transform="translate\(([-\d.]+) ([-\d.]+)\)(?: scale\(([\d.]+)\))?")?[^>]*>/g,
    )) {
      if (closing) {
        origins.pop();
        continue;
      }
      const last = origins[origins.length - 1];
      const origin = tag.includes("translate") ? { x: last.x + Number(x), y: last.y + Number(y) } : last;
      origins.push(origin);
      if (scale === undefined || seen >= grids.length * 3) continue; // swatches of the legend come last
      const { rows, columns } = grids[seen % grids.length];
      const drawn = rows === 1 && columns > 32 ? { rows: Math.ceil(columns / 32), columns: 32 } : { rows, columns };
      seen++;
      boxes.push({
        right: origin.x + drawn.columns * Number(scale),
        bottom: origin.y + drawn.rows * Number(scale),
      });
    }
    expect(boxes).toHaveLength(grids.length * 3);
    return boxes;
  }

  it("draws a plan of one token, of no rows and of no tokens", () => {
    const one = planToSvg(identityPlan(1), { grids: [squareGrid(1)], signals: { clsAttention: [0.5] } });
    expect(texts(one)).toContain("1 of 1 token (100.0 %)");
    expect(texts(planToSvg(orderRows([], 9, "append"), { grids: [squareGrid(9)] }))).toContain("0 of 9 tokens (0.0 %)");
    expect(texts(planToSvg(orderRows([], 0, "append"), { grids: [], signals: { clsAttention: [] } }))).toContain(
      "Dropped: 0 tokens",
    );
  });

  it("stays below 60 KB for 576 tokens with heat maps, beside the picture itself", () => {
    const signals = { clsAttention: ramp(576), textSimilarity: ramp(576).reverse() };
    const svg = planToSvg(typicalPlan(), { grids: [squareGrid(576)], signals, image: { dataUri: PIXEL } });
    expect(svg.length).toBeLessThan(60_000);
  });

  it("gives the same text for the same plan", () => {
    const options = { grids: [squareGrid(576)], signals: { clsAttention: ramp(576) }, title: "t" };
    expect(planToSvg(typicalPlan(), options)).toBe(planToSvg(typicalPlan(), options));
  });

  const refusals: [string, Partial<PlanSvgOptions>, string][] = [
    ["a width too small", { width: 100 }, "a width of at least 240, got 100"],
    ["a width that is no number", { width: Number.NaN }, "got NaN"],
    ["grids that do not cover the plan", { grids: [squareGrid(9)] }, "4 source tokens, got 9"],
    ["a signal of another length", { signals: { clsAttention: [1] } }, "4 values of CLS attention, got 1"],
    ["a signal that is not finite", { signals: { textSimilarity: [0, 1, Number.NaN, 0] } }, "got NaN at 2"],
    ["a reference in place of a picture", { image: { dataUri: "http://example.org/a.png" } }, "data URI"],
    ["an SVG in place of a picture", { image: { dataUri: "data:image/svg+xml;base64,PHN2Zy8+" } }, "data URI"],
    ["a data URI that leaves its attribute", { image: { dataUri: `${PIXEL}" onload="x` } }, "data URI"],
    ["a title that is no text", { title: 1n as never }, "title as a text, got 1"],
    ["signals that are none", { signals: 58 as never }, "signals as { clsAttention, textSimilarity }, got 58"],
    ["a signal that is no list", { signals: { clsAttention: "all" as never } }, "CLS attention as a list, got all"],
    ["an image that is none", { image: [null as never] }, "data URI of a png, jpeg, gif or webp picture, got null"],
    ["fewer images than grids", { image: [] }, "one image for each of 1 grids, got 0"],
  ];
  it.each([[null], ["all"], [58]])("refuses %j for a plan, or for options", (wrong) => {
    expect(() => planToSvg(wrong as never, { grids: [] })).toThrow(InvalidInputError);
    expect(() => planToSvg(identityPlan(0), wrong as never)).toThrow(InvalidInputError);
  });

  it.each(refusals)("refuses %s", (_, options, message) => {
    const draw = () => planToSvg(identityPlan(4), { grids: [squareGrid(4)], ...options });
    expect(draw).toThrow(InvalidInputError);
    expect(draw).toThrow(message);
  });
});
