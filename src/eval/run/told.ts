/** @file What settings want the decoder to be told of rows, and what answers say that it was not told. */
import {
  checkedTold,
  groupBy,
  MAX_ALPHA,
  type Positions,
  shape,
  type Told,
  type ToldOptions,
  type Untold,
} from "../../core/index.js";

const positions = shape.oneOf("compact", "original");
/** Alpha. */
const mass = shape.range(0, MAX_ALPHA);

/** Shape of what a run's decoder is told where a setting does not say. */
export const defaultToldShape = shape.object({ positions, mass });
/** Shape of what it was told for an answer. */
export const toldShape = shape.object({ positions, mass, untold: shape.record(shape.text) });
/** Fields of a setting: there where several are compared, or the run does not go by the defaults. */
export const toldFields = { positions: shape.optional(positions), mass: shape.optional(mass) };

/** Part of a setting that says what the decoder is told. */
export type SettingTold = Partial<shape.TypeOf<typeof defaultToldShape>>;

/** Values to compare, each with each; by default that of the model alone, which no setting has to say. */
export interface ToldRequest {
  readonly positions?: readonly Positions[] | undefined;
  /** `true`, `false` or alpha, as `recoup ask` takes it. */
  readonly mass?: readonly (boolean | number)[] | undefined;
  /** Reasons for what the model's decoder cannot be told, where that is known. */
  readonly untold?: Untold;
}

/** Shapes of the fields of `ToldRequest`: each value has a check of its own. */
export const TOLD_REQUEST = {
  positions: shape.optional(shape.list(shape.anything)),
  mass: shape.optional(shape.list(shape.anything)),
  untold: shape.optional(shape.record(shape.text)),
};

/** Each of the positions with each mass. @throws InvalidInputError for other values, and for what the decoder cannot be told. */
export function toldSettings({ positions, mass, untold = {} }: ToldRequest): SettingTold[] {
  const all = <T>(values: readonly T[] | undefined) => (values?.length ? values : [undefined]);
  return all(positions).flatMap((place) =>
    all(mass).map((loudness) => {
      const asked: ToldOptions = { positions: place, mass: loudness };
      const told = checkedTold("eval", { name: "this model", untold }, asked);
      return {
        ...(place !== undefined && { positions: told.positions }),
        ...(loudness !== undefined && { mass: told.mass }),
      };
    }),
  );
}

/** Settings that a method can be asked in, and each mass that it cannot: where it gives its rows none, all would speak as one token. */
export function tellableSettings(settings: readonly SettingTold[], isWeighed: boolean) {
  const told = settings.filter(({ mass }) => isWeighed || !mass);
  const lost = settings.flatMap(({ mass }) => (isWeighed || !mass ? [] : [mass]));
  return { told, lost: [...new Set(lost)] };
}

/** Words behind the name of a setting's method: `:positions=original:mass=1`; none for what it does not say. */
export function toldWords({ positions, mass }: SettingTold): string {
  return `${positions === undefined ? "" : `:positions=${positions}`}${mass === undefined ? "" : `:mass=${mass}`}`;
}

/** What the decoder was told for these answers of one setting, what it was not told first; undefined where they do not say. */
export function toldOfAnswers(records: readonly { readonly told?: Told }[]): Told | undefined {
  const told = records.flatMap((record) => record.told ?? []);
  return told.find(({ untold }) => Object.keys(untold).length > 0) ?? told[0];
}

/** Most settings that are named in a sentence. */
const NAMED = 4;

/** What was not told, a sentence for each fact and reason. @param told by the setting's id. */
export function untoldSentences(told: Iterable<readonly [setting: string, told: Told | undefined]>): string[] {
  const facts = Array.from(told).flatMap(([setting, told]) =>
    Object.entries(told?.untold ?? {}).map(([fact, reason]) => ({ setting, fact, reason })),
  );
  return [...groupBy(facts, ({ fact, reason }) => `${fact}\n${reason}`).values()].map((own) => {
    const [{ fact, reason }] = own;
    const names = own.slice(0, NAMED).map(({ setting }) => setting);
    const more = own.length > NAMED ? ` and ${own.length - NAMED} more` : "";
    return `The decoder was not told ${fact} in ${names.join(", ")}${more}: ${reason}.`;
  });
}
