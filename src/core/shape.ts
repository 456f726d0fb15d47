/** @file The fields that a row of a file must have. */

interface Kinds {
  readonly text: string;
  /** Ids are numbers in some files and texts in others. */
  readonly id: string | number;
  readonly count: number;
  readonly texts: readonly string[];
}

/** Names of fields and what they hold. */
export type Shape = Readonly<Record<string, keyof Kinds>>;

/** A row of that shape; it may have more fields. */
export type Shaped<S extends Shape> = { readonly [Name in keyof S]: Kinds[S[Name]] };

const TESTS: Readonly<Record<keyof Kinds, (value: unknown) => boolean>> = {
  text: (value) => typeof value === "string",
  id: (value) => typeof value === "string" || Number.isSafeInteger(value),
  count: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  texts: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
};

/** Whether a value has all fields of a shape. */
export function fits<S extends Shape>(value: unknown, shape: S): value is Shaped<S> {
  return misfit(value, shape) === undefined;
}

/** What keeps a value from having a shape, undefined for nothing. */
export function misfit(value: unknown, shape: Shape): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return `no object: ${brief(value)}`;
  for (const [name, kind] of Object.entries(shape)) {
    const field = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
    if (!TESTS[kind](field)) return `${field === undefined ? "no" : `${brief(field)} as`} ${name}`;
  }
  return undefined;
}

/** The start of a value, for messages. */
export function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
