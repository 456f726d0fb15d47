/** @file Values of unknown origin in messages, read without harm. */

/** The start of a value, for messages: enough to find it, and no more of a hostile one. Throws for none. */
export function brief(value: unknown): string {
  const text =
    typeof value === "string"
      ? JSON.stringify(value.slice(0, 60))
      : attempt(() => jsonText(value), "a value that cannot be read");
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** An object as JSON where it has one (a circle or nesting beyond the stack has none), arrays of numbers by their kind. */
function jsonText(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  if (ArrayBuffer.isView(value) || value instanceof Error) return Object.prototype.toString.call(value);
  try {
    const short = (_: string, inner: unknown) =>
      ArrayBuffer.isView(inner) ? `${inner.constructor.name}(${inner.byteLength} bytes)` : inner;
    return JSON.stringify(value, short) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** The result of some reading; `otherwise` where it throws, as hostile values make it. */
export function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
