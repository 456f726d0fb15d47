/** @file SVG text, piece by piece: escaping, numbers, lines of text whose width is estimated because no font is at hand. */

/** Escapes text for XML content and attributes. What XML 1.0 forbids (controls, half surrogates) becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A number with at most two decimals, as short as SVG allows: `0.5` is `.5`. */
export function short(value: number): string {
  const text = String(Math.round(value * 100) / 100);
  return text.replace(/^(-?)0\./, "$1.");
}

/** Attributes of an element; numbers are shortened, `undefined` is left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** A piece of a drawing, its top left corner at 0, 0. */
export interface Block {
  readonly markup: string;
  readonly height: number;
}

/** An element with attributes and, if given, inner markup. */
export function element(name: string, attributes: Attributes, inner?: string): string {
  const list = Object.entries(attributes)
    .map(([key, value]) =>
      value === undefined ? "" : ` ${key}="${typeof value === "number" ? short(value) : escapeXml(value)}"`,
    )
    .join("");
  return inner === undefined ? `<${name}${list}/>` : `<${name}${list}>${inner}</${name}>`;
}

/** Markup whose origin is moved to x, y and, if given, whose unit is `scale` pixels. */
export function moved(x: number, y: number, markup: string, scale?: number): string {
  const scaled = scale === undefined ? "" : ` scale(${short(scale)})`;
  return element("g", { transform: `translate(${short(x)} ${short(y)})${scaled}` }, markup);
}

/** A path, or nothing when it is empty. */
export function path(d: string, attributes: Attributes): string {
  return d === "" ? "" : element("path", { ...attributes, d });
}

/** Look of a line of text. */
export interface TextStyle {
  /** Height of the font in pixels. */
  readonly size: number;
  /** Color, `#rrggbb`. */
  readonly fill: string;
  readonly bold?: boolean;
  /** Part of the text that stands at `x`. Default: its start. */
  readonly anchor?: "middle" | "end";
}

/** One line of text with its baseline at `y`. */
export function textLine(x: number, y: number, text: string, { size, fill, bold, anchor }: TextStyle): string {
  const weight = bold ? 700 : undefined;
  const attributes = { x, y, "font-size": size, fill, "font-weight": weight, "text-anchor": anchor };
  return element("text", attributes, escapeXml(text));
}

/** How much wider bold letters are, about. */
export const BOLD_WIDTH = 1.12;

/** Estimated width of a line in pixels; a little too wide for the usual sans-serif fonts, so that text never overflows. */
export function textWidth(text: string, size: number): number {
  let ems = 0;
  for (const character of text) {
    if (character > "\u2e7f")
      ems += 1; // East Asian scripts and emoji fill a square
    else if (/[iljtfrI.,:;'|!()[\] ]/.test(character)) ems += 0.34;
    else if (/[mwMW@%—]/.test(character)) ems += 0.9;
    else if (/[A-Z]/.test(character)) ems += 0.68;
    else ems += 0.57;
  }
  return ems * size;
}

/**
 * Breaks text into lines that fit `width`: at spaces, or inside a word that is too long (or a script without spaces). What
 * does not fit `lines` lines is cut, and the last line then ends in `…`.
 */
export function wrapText(
  text: string,
  { size, width, lines }: { size: number; width: number; lines: number },
): string[] {
  const done: string[] = [];
  let rest = text.trim().replace(/\s+/g, " ");
  while (rest !== "") {
    if (done.length === lines) {
      done[lines - 1] = `${longestPrefix(done[lines - 1], size, width - textWidth("…", size)).trimEnd()}…`;
      break;
    }
    let line = longestPrefix(rest, size, width);
    if (line.length < rest.length && rest[line.length] !== " " && line.includes(" ")) {
      line = line.slice(0, line.lastIndexOf(" "));
    }
    done.push(line.trimEnd());
    rest = rest.slice(line.length).trimStart();
  }
  return done;
}

/** As many whole characters as fit, at least one. */
function longestPrefix(text: string, size: number, width: number): string {
  let prefix = "";
  for (const character of text) {
    if (prefix !== "" && textWidth(prefix + character, size) > width) break;
    prefix += character;
  }
  return prefix;
}
