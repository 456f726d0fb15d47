import { images } from "./images.js";
import { plans } from "./plans.js";
import type { Harness } from "./run-fuzz.js";

/** All harnesses by the name that `npm run fuzz` takes. */
export const HARNESSES: Readonly<Record<string, Harness>> = { images, plans };
