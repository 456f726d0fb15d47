/** @file Flags for what the decoder is told about rows: their positions and their mass, as a bias of attention. */
import { DEFAULT_TOLD, MAX_ALPHA, refusalFor, type ToldOptions } from "../core/index.js";
import { type Flags, typoHint, type Values } from "./flags.js";

/** Positions of the tokens that stay, and the attention that a row gets for all tokens that it stands for. */
export const ROW_FLAGS = {
  positions: {
    type: "choice",
    choices: ["compact", "original"],
    help: `of the tokens that stay: counted without gaps, or as with all tokens (default: ${DEFAULT_TOLD.positions})`,
  },
  mass: {
    type: "text",
    placeholder: "on|off|ALPHA",
    help: `proportional attention: a row that stands for n tokens has alpha log n added to its scores as a key; on is alpha 1, off 0, at most ${MAX_ALPHA} (default: ${DEFAULT_TOLD.mass ? "on" : "off"})`,
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
