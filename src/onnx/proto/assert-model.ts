/** @file Whether a caller's model is one, before its graph is walked. */
import { refusalFor, shape } from "../../core/index.js";
import { OnnxInputError } from "./errors.js";
import type { OnnxModel } from "./model.js";

const lists = ["nodes", "initializers", "inputs", "outputs", "valueInfo", "fields"] as const;
const list = shape.value("a list", Array.isArray);
const MODEL = shape.object({
  opsets: shape.instance(Map),
  fields: list,
  graph: shape.object(Object.fromEntries(lists.map((name) => [name, list]))),
});

/** @throws OnnxInputError for what `openOnnx` and the graph tools have not made. */
export function assertModel(operation: string, model: OnnxModel, name = "model"): void {
  if (shape.fits(model, MODEL)) return;
  throw refusalFor(operation, OnnxInputError)(`${name} as an ONNX model (openOnnx reads one)`, model);
}

/** A caller's options, each read once. @throws OnnxInputError for no object, or an option that does not fit. */
export function onnxOptions<T extends object>(
  operation: string,
  options: T,
  fields: Readonly<Record<string, shape.Shape<unknown>>>,
): T {
  return shape.options(options, fields, refusalFor(operation, OnnxInputError));
}
