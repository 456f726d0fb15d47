/** @file A report as a document: what the page and the Markdown file are both made of. */
import type { TopLevelSpec } from "vega-lite";

/** A piece of a paragraph: text as it is, or a link. */
export type Inline = string | { readonly text: string; readonly href: string };

/** Texts of a row, one per column. */
export interface TableRow {
  readonly cells: readonly string[];
  /** Shown apart: all tokens, or a control. */
  readonly role?: "reference" | "method" | "control";
}

/** Columns, rows and their source, below one caption. */
export interface Table {
  readonly kind: "table";
  readonly caption: string;
  /** Model, data, number of questions, machine. */
  readonly source: string;
  /** Each with its heading, and whether it holds numbers. */
  readonly columns: readonly { readonly title: string; readonly numeric: boolean }[];
  readonly rows: readonly TableRow[];
  /** Closed on the page until it is asked for. */
  readonly folded?: boolean;
}

/** Drawings side by side, one caption. */
export interface Chart {
  readonly kind: "chart";
  readonly caption: string;
  /** Model, data, number of questions, machine. */
  readonly source: string;
  /** Each with its title, where it is not alone; what it shows in words is for those who do not see it. */
  readonly panels: readonly { readonly title?: string; readonly words: string; readonly spec: TopLevelSpec }[];
}

/** Anything that a section consists of. */
export type Part =
  /** Text and links in one flow. */
  | { readonly kind: "paragraph"; readonly inlines: readonly Inline[] }
  /** Items, one line of text each. */
  | { readonly kind: "list"; readonly items: readonly string[] }
  /** Markup of an SVG element, on the page as it is: texts in it are escaped already. Empty for none. */
  | { readonly kind: "figure"; readonly caption: string; readonly svg: string }
  | Table
  | Chart;

/** A titled stretch of the report, with an anchor to link to. */
export interface Section {
  /** Anchor, letters and hyphens. */
  readonly id: string;
  readonly title: string;
  readonly parts: readonly Part[];
}

/** A whole report. */
export interface ReportDocument {
  readonly title: string;
  /** Model, data, machine: one line. */
  readonly about: string;
  /** To be known before any number is read. */
  readonly notes: readonly string[];
  readonly summary: readonly string[];
  readonly sections: readonly Section[];
}

/** A paragraph of text and links. */
export function paragraph(...inlines: readonly Inline[]): Part {
  return { kind: "paragraph", inlines };
}

/** A section of parts: a text is a paragraph, and what is undefined is left out. */
export function section(id: string, title: string, parts: readonly (Part | string | undefined)[]): Section {
  const known = parts.filter((part) => part !== undefined);
  return { id, title, parts: known.map((part) => (typeof part === "string" ? paragraph(part) : part)) };
}

/** A column of a table to be made: its title, the text of a row, and whether that is words. The first is words always. */
export type ColumnOf<Row> = readonly [title: string, text: (row: Row, place: number) => string, kind?: "words"];

/** A table to be made: its rows as data, and how they are shown. */
export interface TableOf<Row> extends Pick<Table, "caption" | "source" | "folded"> {
  readonly rows: readonly (Row & Pick<TableRow, "role">)[];
  readonly columns: readonly ColumnOf<NoInfer<Row>>[];
}

/** A table with a line per row, each with the role of its row. */
export function tableOf<Row extends object>({ rows, columns, ...about }: TableOf<Row>): Table {
  return {
    kind: "table",
    ...about,
    columns: columns.map(([title, , kind], c) => ({ title, numeric: c > 0 && kind !== "words" })),
    rows: rows.map((row, place) => ({ role: row.role, cells: columns.map(([, text]) => text(row, place)) })),
  };
}
