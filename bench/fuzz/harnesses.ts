import { answers } from "./answers.js";
import { hub } from "./hub.js";
import { images } from "./images.js";
import { modelJson } from "./model-json.js";
import { onnx } from "./onnx.js";
import { ownData } from "./own-data.js";
import { plans } from "./plans.js";
import type { Harness } from "./run-fuzz.js";
import { safetensors } from "./safetensors.js";
import { tellDecoders } from "./tell.js";

/** All harnesses by the name that `npm run fuzz` takes. */
export const HARNESSES: Readonly<Record<string, Harness>> = {
  images,
  onnx,
  tell: tellDecoders,
  safetensors,
  plans,
  "model-json": modelJson,
  hub,
  answers,
  "own-data": ownData,
};
