/** @file Changed answers with their pictures: of a run with right answers and of one without. */
import type { ChangedExample } from "../../numbers/changed-examples.js";
import { type Example, type Section, section, type Thumbnail } from "../document.js";

/** Pictures of examples, as far as they could be had. */
export interface ExamplePictures {
  readonly pictures: ReadonlyMap<ChangedExample, Thumbnail>;
  /** Why some are missing, in a sentence. */
  readonly missing?: string;
}

/** No pictures, and nothing said about them. */
export const NO_PICTURES: ExamplePictures = { pictures: new Map() };

/** Undefined where nothing was compared. */
export function examplesSection(
  examples: readonly ChangedExample[],
  { pictures, missing }: ExamplePictures,
  title: string,
): Section {
  const hasCells = [...pictures.values()].some(({ cells }) => cells !== undefined);
  const drawn = "Clear on a picture: tokens with rows of their own. Washed out: dropped, or merged into others.";
  return section("examples", title, [
    examples.length === 0 ? "No answer of a method turned." : undefined,
    hasCells ? drawn : undefined,
    missing,
    examples.length === 0
      ? undefined
      : { kind: "examples", items: examples.map((each) => example(each, pictures.get(each))) },
  ]);
}

function example(of: ChangedExample, picture: Thumbnail | undefined): Example {
  const { task, doc, setting, turn, question, truth, full, answer, tokens } = of;
  const kept = `${tokens.kept} of ${tokens.source} tokens`;
  return {
    title: question ?? `sample ${doc} of ${task}`,
    facts: [...(truth === undefined ? [] : [["truth", truth] as const]), ["all tokens", full], [setting, answer]],
    note: (turn === undefined ? [kept] : [turn, kept, task]).join(" · "),
    picture,
    words: `The picture of the question; ${kept} are left.`,
  };
}
