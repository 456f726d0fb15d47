import { answers } from "./answers.js";
import { ownData } from "./own-data.js";
import { plans } from "./plans.js";
import type { Harness } from "./run-fuzz.js";

/** All harnesses by the name that `npm run fuzz` takes. */
export const HARNESSES: Readonly<Record<string, Harness>> = { plans, answers, "own-data": ownData };
