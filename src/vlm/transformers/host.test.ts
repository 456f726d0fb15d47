import { Tensor } from "@huggingface/transformers";
import { expect, it } from "vitest";
import { positionTensor, rowMaxima } from "./host.js";

it("hands positions over as one row, or as planes of rows where there are several", () => {
  const one = positionTensor({ Tensor }, [[0, 1, 7]]);
  expect([one.type, one.dims, [...one.data].map(Number)]).toEqual(["int64", [1, 3], [0, 1, 7]]);
  const three = positionTensor({ Tensor }, [
    [0, 1],
    [0, 2],
    [0, 3],
  ]);
  expect([three.dims, [...three.data].map(Number)]).toEqual([
    [3, 1, 2],
    [0, 1, 0, 2, 0, 3],
  ]);
});

it("takes the largest value of each row", () => {
  expect([...rowMaxima({ data: Float32Array.of(1, 2, 0, 5, 3, 4), count: 2, dim: 3 })]).toEqual([2, 5]);
});
