/** @file A report as a document: what the page and the Markdown file are both made of. */
import type { TopLevelSpec } from "vega-lite";

/** A piece of a paragraph: text as it is, or a link. */
export type Inline = string | { readonly text: string; readonly href: string };

/** Content of a cell: text, or text with more to it. */
export type Cell = string | RichCell;

/** Text of a cell with more to it. */
export interface RichCell {
  readonly text: string;
  /** The number behind the text, to sort by. Default: the one that the text begins with. */
  readonly value?: number;
  /** Shown when pointed at. */
  readonly note?: string;
  /** Anchor of the page, or an address. */
  readonly href?: string;
  /** A word beside the text: what kind of row this is. */
  readonly tag?: string;
  /** Drawn beside the text: places from 0 to 1 on the axis of the column. */
  readonly whisker?: Whisker;
}

/** An estimate with its interval on an axis from 0 to 1. */
export interface Whisker {
  readonly at: number;
  readonly low: number;
  readonly high: number;
}

/** Cells of a row, one per column. */
export interface TableRow {
  readonly cells: readonly Cell[];
  /** Shown apart: all tokens, or a control. */
  readonly role?: "reference" | "method" | "control";
}

/** Columns and rows below one caption. */
export interface Table {
  readonly kind: "table";
  readonly caption: string;
  /** Where the numbers come from, if not from the run that the head of the page names. */
  readonly source?: string;
  /** Each with its heading, and whether it holds numbers. */
  readonly columns: readonly { readonly title: string; readonly numeric: boolean }[];
  readonly rows: readonly TableRow[];
  /** Place of the column that the rows are sorted by, the greatest first, below those of role `reference`. */
  readonly sortedBy?: number;
  /** Closed on the page until it is asked for. */
  readonly folded?: boolean;
}

/** Drawings side by side, one caption. */
export interface Chart {
  readonly kind: "chart";
  readonly caption: string;
  /** Each with its title, where it is not alone; what it shows in words is for those who do not see it. */
  readonly panels: readonly { readonly title?: string; readonly words: string; readonly spec: TopLevelSpec }[];
}

/** A small picture, and the tokens of it that have rows of their own. */
export interface Thumbnail {
  /** Address with the bytes in it: `data:image/jpeg;base64,…`. */
  readonly dataUri: string;
  readonly width: number;
  readonly height: number;
  readonly cells?: { readonly rows: number; readonly columns: number; readonly own: readonly number[] };
}

/** An answer that changed. */
export interface Example {
  /** The question. */
  readonly title: string;
  /** What is known of it, each with its name. */
  readonly facts: readonly (readonly [name: string, text: string])[];
  /** What happened, in a few words. */
  readonly note: string;
  readonly picture?: Thumbnail;
  /** The picture in words. */
  readonly words: string;
}

/** A word and what it means. */
export interface Term {
  /** Anchor, where something links to it. */
  readonly id?: string;
  readonly name: string;
  readonly meaning: readonly Inline[];
}

/** Anything that a section consists of. */
export type Part =
  /** Text and links in one flow. */
  | { readonly kind: "paragraph"; readonly inlines: readonly Inline[] }
  /** Items, one line of text each. */
  | { readonly kind: "list"; readonly items: readonly string[] }
  | { readonly kind: "examples"; readonly items: readonly Example[] }
  | { readonly kind: "terms"; readonly items: readonly Term[] }
  | Table
  | Chart;

/** A titled stretch of the report, with an anchor to link to. */
export interface Section {
  /** Anchor, letters and hyphens. */
  readonly id: string;
  readonly title: string;
  readonly parts: readonly Part[];
  /** Beside the parts where the page is wide, below them elsewhere. */
  readonly aside?: readonly Part[];
  /** Closed on the page until it is asked for. */
  readonly folded?: boolean;
}

/** A whole report. */
export interface ReportDocument {
  readonly title: string;
  /** Model, data, machine: said once, each with its name. */
  readonly facts: readonly (readonly [name: string, text: string])[];
  /** To be known before any number is read. */
  readonly notes: readonly string[];
  /** The most important numbers in sentences: they are in the first section, too. */
  readonly summary: readonly string[];
  readonly sections: readonly Section[];
}

/** A paragraph of text and links. */
export function paragraph(...inlines: readonly Inline[]): Part {
  return { kind: "paragraph", inlines };
}

/** Parts from parts and texts: a text is a paragraph, and what is undefined is left out. */
export function partsOf(parts: readonly (Part | string | undefined)[]): Part[] {
  const known = parts.filter((part) => part !== undefined);
  return known.map((part) => (typeof part === "string" ? paragraph(part) : part));
}

/** A section of parts, as `partsOf` takes them. */
export function section(
  id: string,
  title: string,
  parts: readonly (Part | string | undefined)[],
  more: Pick<Section, "aside" | "folded"> = {},
): Section {
  return { id, title, parts: partsOf(parts), ...more };
}

/** A section that is closed until it is asked for. */
export function foldedSection(id: string, title: string, parts: readonly (Part | string | undefined)[]): Section {
  return section(id, title, parts, { folded: true });
}

/** A column of a table to be made: its title, the cell of a row, and whether that is words. The first is words always. */
export type ColumnOf<Row> = readonly [title: string, cell: (row: Row, place: number) => Cell, kind?: "words"];

/** A table to be made: its rows as data, and how they are shown. */
export interface TableOf<Row> extends Pick<Table, "caption" | "source" | "sortedBy" | "folded"> {
  readonly rows: readonly (Row & Pick<TableRow, "role">)[];
  readonly columns: readonly ColumnOf<NoInfer<Row>>[];
}

/** A table with a line per row, each with the role of its row. */
export function tableOf<Row extends object>({ rows, columns, ...about }: TableOf<Row>): Table {
  return {
    kind: "table",
    ...about,
    columns: columns.map(([title, , kind], c) => ({ title, numeric: c > 0 && kind !== "words" })),
    rows: rows.map((row, place) => ({ role: row.role, cells: columns.map(([, cell]) => cell(row, place)) })),
  };
}

/** Text of a cell. */
export function cellText(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}
