import { onnx } from "./onnx.js";
import { plans } from "./plans.js";
import type { Harness } from "./run-fuzz.js";
import { safetensors } from "./safetensors.js";

/** All harnesses by the name that `npm run fuzz` takes. */
export const HARNESSES: Readonly<Record<string, Harness>> = { onnx, plans, safetensors };
