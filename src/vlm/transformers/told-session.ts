/**
 * @file A decoder's session as the library knows it, for one sequence: what the graph takes beside the library's inputs goes in at each run.
 */
import { refusalFor } from "../../core/index.js";
import { TOLD_INPUTS } from "../../onnx/index.js";
import { type Host, type HostTensor, runtimeTensor, type Session } from "./host.js";

/** What the tokens of a sequence have beside their values, those that an answer will add too. */
export interface RowFacts {
  /** Position of each known token, in the cache and new, `[n]`. Those of rows that come back may be before others. */
  readonly places: readonly number[];
  /** Position of the next token, behind all of them; from there they count up. */
  readonly nextPlace: number;
  /** What is added to their scores as keys, `[n]`; 0 after them. Undefined: nothing. */
  readonly biases?: Float32Array | undefined;
}

/** What facts must fit. */
export interface FactBounds {
  /** Tokens in the cache and new, n. */
  readonly tokens: number;
  /** Most tokens of the answer, the last of which is not fed. */
  readonly maxNewTokens: number;
  /** Positions in the decoder's tables; undefined where it computes them. */
  readonly positions?: number | undefined;
}

/** The names of what a session is told, which the library knows nothing of. */
const TOLD: readonly string[] = Object.values(TOLD_INPUTS);

/** Whether a session takes places, biases, or both. */
export function isTold({ inputNames }: Session): boolean {
  return TOLD.some((name) => inputNames.includes(name));
}

/** @param length number of tokens in the cache at the time of a run. */
export function toldSession(host: Host, session: Session, facts: RowFacts, length: () => number): Session {
  const { inputNames, inputMetadata, outputNames } = session;
  const isHost = (name: string) => !TOLD.includes(name);
  return {
    inputNames: inputNames.filter(isHost),
    inputMetadata: inputMetadata.filter(({ name }) => isHost(name)),
    outputNames,
    run(feeds) {
      const { dims } = (feeds.inputs_embeds ?? feeds.input_ids) as { readonly dims: readonly number[] };
      const told = factTensors(host, facts, length() + dims[1]);
      const known = Object.entries(told).filter(([name]) => inputNames.includes(name));
      return session.run({ ...feeds, ...Object.fromEntries(known.map(([name, one]) => [name, runtimeTensor(one)])) });
    },
    release: () => session.release(),
  };
}

/** Places and biases of so many tokens. */
function factTensors(
  { Tensor }: Host,
  { places, nextPlace, biases }: RowFacts,
  length: number,
): Record<string, HostTensor> {
  const whole = BigInt64Array.from({ length }, (_, at) => BigInt(places[at] ?? nextPlace + at - places.length));
  const added = new Float32Array(length);
  added.set((biases ?? new Float32Array()).subarray(0, length));
  return {
    [TOLD_INPUTS.places]: new Tensor("int64", whole, [length]),
    [TOLD_INPUTS.mass]: new Tensor("float32", added, [length]),
  };
}

/** @throws InvalidInputError, which names the input, for facts that are no places or biases, and for those of other tokens. */
export function assertFacts({ places, nextPlace, biases }: RowFacts, bounds: FactBounds): void {
  const { tokens, maxNewTokens, positions = Infinity } = bounds;
  const refuse = refusalFor("ask");
  const { places: placesInput, mass: biasInput } = TOLD_INPUTS;
  if (places.length !== tokens) throw refuse(`${placesInput} of ${tokens} tokens in the cache and new`, places.length);
  const odd = places.findIndex((place) => !isPlace(place));
  if (odd >= 0) throw refuse(`${placesInput} as whole numbers from 0`, `${places[odd]} of token ${odd}`);
  if (!isPlace(nextPlace)) throw refuse(`${placesInput} of the answer from a whole number on`, nextPlace);
  const later = places.findIndex((place) => place >= nextPlace);
  if (later >= 0) throw refuse(`${placesInput} before the answer's ${nextPlace}`, `${places[later]} of token ${later}`);
  const last = nextPlace + maxNewTokens - 2;
  if (last >= positions) throw refuse(`${placesInput} below the ${positions} of the decoder's tables`, last);
  if (biases === undefined) return;
  if (biases.length !== tokens) throw refuse(`${biasInput} of ${tokens} tokens in the cache and new`, biases.length);
  const infinite = biases.findIndex((bias) => !Number.isFinite(bias));
  if (infinite >= 0) throw refuse(`finite values of ${biasInput}`, `${biases[infinite]} of token ${infinite}`);
}

const isPlace = (place: number) => Number.isSafeInteger(place) && place >= 0;
