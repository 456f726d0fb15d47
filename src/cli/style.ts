/**
 * @file Emphasis on a terminal. Inside the command a styled text carries marks; where it is written, they become colors or nothing. So
 * control characters in texts of models and files can be taken out at the very end, and widths stay countable.
 */
import { WriteStream } from "node:tty";
import { styleText } from "node:util";

/** Parts that stand out: headings and answers, what goes wrong. */
export type Style = "strong" | "warning" | "error";

/** Marks that begin a style: noncharacters, which Unicode keeps for use inside a program. */
const BEGIN: Readonly<Record<Style, string>> = { strong: "\uFDD0", warning: "\uFDD1", error: "\uFDD2" };
const END = "\uFDD3";
const FORMATS = { strong: "bold", warning: "yellow", error: "redBright" } as const;

/** Text with a style. */
export function styled(style: Style, text: string): string {
  return text === "" ? "" : `${BEGIN[style]}${text}${END}`;
}

/** Marks as a terminal's colors, or without them. */
export function rendered(text: string, colored: boolean): string {
  if (!colored) return text.replaceAll(/[\uFDD0-\uFDD3]/g, "");
  let out = text;
  for (const style of Object.keys(BEGIN) as Style[]) {
    const spans = new RegExp(`${BEGIN[style]}([^\uFDD0-\uFDD3]*)${END}`, "g");
    out = out.replaceAll(spans, (_, inner) => styleText(FORMATS[style], inner, { validateStream: false }));
  }
  return rendered(out, false);
}

/**
 * Whether a stream shows colors: a terminal that has them, or any stream where FORCE_COLOR says so; never with NO_COLOR, or on a
 * terminal with NODE_DISABLE_COLORS or TERM=dumb.
 */
export function hasColors({ isTTY = false }: Pick<NodeJS.WriteStream, "isTTY">, env = process.env): boolean {
  const { NO_COLOR: no, ...others } = env;
  // Empty is as good as unset: no-color.org.
  if (no) return false;
  const forced = env.FORCE_COLOR !== undefined;
  // Node's own rules for the others; they ask nothing of the stream itself.
  return (isTTY || forced) && WriteStream.prototype.getColorDepth.call({} as WriteStream, others) > 1;
}

/** Letters of scripts that a terminal shows in two columns. */
const WIDE =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|[\u3000-\u303F\uFF01-\uFF60]|\p{Emoji_Presentation}/u;

/** Columns of a terminal that a text of one line takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const letter of text.normalize("NFC")) {
    if (/[\uFDD0-\uFDD3\p{Mn}\p{Me}\u200B-\u200D]/u.test(letter)) continue;
    width += WIDE.test(letter) ? 2 : 1;
  }
  return width;
}

/** A text with blanks behind it, up to a width. */
export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

/** A text with blanks before it, up to a width. */
export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}
