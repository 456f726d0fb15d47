/** The command line's words for the options of methods. */
import { InvalidInputError } from "../core/index.js";
import { number } from "./numbers.js";

/** Flags that stand for a method's option; `parseArgs` takes this record as it is. */
export const METHOD_FLAGS = {
  variant: { type: "string" },
  merge: { type: "string" },
  order: { type: "string" },
  polarity: { type: "string" },
  seed: { type: "string" },
  "min-tokens": { type: "string" },
  "max-tokens": { type: "string" },
  retain: { type: "string" },
  ratio: { type: "string" },
  option: { type: "string", multiple: true },
} as const;

/** Values of the flags as `parseArgs` gives them. */
export interface MethodFlags {
  readonly variant?: string;
  readonly merge?: string;
  readonly order?: string;
  readonly polarity?: string;
  readonly seed?: string;
  readonly "min-tokens"?: string;
  readonly "max-tokens"?: string;
  readonly retain?: string;
  readonly ratio?: string;
  readonly option?: readonly string[];
}

/** Options of a method, by name; which ones it knows and which values fit is the method's to say. */
export function methodOptions(operation: string, flags: MethodFlags): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  const set = (name: string, value: unknown) => {
    if (value !== undefined) options[name] = value;
  };
  set("variant", flags.variant);
  set("merge", flags.merge);
  set("order", flags.order);
  set("textPolarity", number(operation, "--polarity", flags.polarity));
  set("seed", number(operation, "--seed", flags.seed));
  set("minTokens", number(operation, "--min-tokens", flags["min-tokens"]));
  set("maxTokens", number(operation, "--max-tokens", flags["max-tokens"]));
  set("budget", budget(operation, flags));
  for (const pair of flags.option ?? []) set(...nameAndValue(operation, pair));
  return options;
}

function budget(operation: string, { retain, ratio }: MethodFlags): unknown {
  if (retain !== undefined && ratio !== undefined) {
    throw new InvalidInputError({ operation, expected: "--retain or --ratio", got: "both" });
  }
  if (retain !== undefined) return { retain: number(operation, "--retain", retain) };
  if (ratio !== undefined) return { retentionRatio: number(operation, "--ratio", ratio) };
  return undefined;
}

/** `name=value`; the value is JSON where it parses as such (numbers, true, objects), otherwise text. */
function nameAndValue(operation: string, pair: string): [string, unknown] {
  const at = pair.indexOf("=");
  if (at < 1) throw new InvalidInputError({ operation, expected: "--option name=value", got: pair });
  const text = pair.slice(at + 1);
  try {
    return [pair.slice(0, at), JSON.parse(text)];
  } catch {
    return [pair.slice(0, at), text];
  }
}
