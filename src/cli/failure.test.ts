import { expect, it } from "vitest";
import { InvalidInputError } from "../core/index.js";
import { failureOf, inStage } from "./failure.js";

const refusal = new InvalidInputError({ operation: "ask", expected: "a question", got: "none" });

it("gives refusals status 2, failures 1, interruptions 130 and no line", () => {
  expect(failureOf("ask", refusal)).toEqual({ status: 2, text: "recoup ask: expected a question, got none" });
  expect(failureOf("chat", refusal)).toEqual({ status: 2, text: "recoup chat: ask: expected a question, got none" });
  const inner = new InvalidInputError({ operation: "onnx tap", problem: "no" });
  expect(failureOf("onnx", inner)).toEqual({ status: 2, text: "recoup onnx tap: no" });
  expect(failureOf("ask", new DOMException("stop", "AbortError"))).toEqual({ status: 130 });
  expect(failureOf("ask", "a text")).toEqual({ status: 1, text: "recoup ask: a text" });
});

it("says in one line without control characters on what stage another package failed", async () => {
  const failed = await inStage("answering about a.png", async () => {
    throw new Error("Input image\n  exceeds \u001b[31mpixel limit");
  }).catch((error) => error);
  expect(failureOf("ask", failed)).toEqual({
    status: 1,
    text: "recoup ask: answering about a.png: Input image exceeds [31mpixel limit",
  });
});

it("leaves refusals and interruptions as they are", async () => {
  await expect(inStage("loading", () => Promise.reject(refusal))).rejects.toBe(refusal);
  const abort = new DOMException("stop", "AbortError");
  await expect(inStage("loading", () => Promise.reject(abort))).rejects.toBe(abort);
});
