/** @file Flags for what the decoder is told about rows: where they stand, and how loudly they speak. */
import { DEFAULT_TOLD, MAX_ALPHA, refusalFor, type ToldOptions } from "../core/index.js";
import { type Flags, typoHint, type Values } from "./flags.js";

/** Where the tokens that stay are, and whether a row speaks for all tokens that it stands for. */
export const ROW_FLAGS = {
  positions: {
    type: "choice",
    choices: ["compact", "original"],
    help: `of the tokens that stay: counted without gaps, or as with all tokens (default: ${DEFAULT_TOLD.positions})`,
  },
  mass: {
    type: "text",
    placeholder: "on|off|ALPHA",
    help: `a row that stands for several tokens speaks as loudly as they do (on, alpha 1), as loudly as one (off), or between and beyond, up to ${MAX_ALPHA} (default: ${DEFAULT_TOLD.mass || "off"})`,
  },
} as const satisfies Flags;

/** What the flags want the decoder to be told. @throws InvalidInputError for another mass. */
export function rowOptions(operation: string, { positions, mass }: Values<typeof ROW_FLAGS>): ToldOptions {
  return { positions, mass: mass === undefined ? undefined : parseMass(operation, mass) };
}

/** `on`, `off` or alpha as the API takes it. @throws InvalidInputError that names the flag, and the nearest word. */
export function parseMass(operation: string, text: string): boolean | number {
  if (text === "on" || text === "off") return text === "on";
  const alpha = text.trim() === "" ? Number.NaN : Number(text);
  if (alpha >= 0 && alpha <= MAX_ALPHA) return alpha;
  throw refusalFor(operation)(
    `--mass on, off or a number from 0 to ${MAX_ALPHA}`,
    text + typoHint(text, ["on", "off"]),
  );
}
