import { expect, it } from "vitest";
import { InvalidInputError } from "../core/index.js";
import { promptEmbeddings } from "./prompt.js";

const matrix = (...rows: number[][]) => ({ data: Float32Array.from(rows.flat()), count: rows.length, dim: 2 });
const words = matrix([1, 1], [9, 9], [2, 2], [9, 9], [3, 3]);

it("puts the rows of one picture, of two and of none where the placeholders are", () => {
  const one = promptEmbeddings([5, 3, 6, 3, 7], 3, words, [matrix([10, 11], [12, 13])]);
  expect([...one.data]).toEqual([1, 1, 10, 11, 2, 2, 12, 13, 3, 3]);
  const two = promptEmbeddings([5, 3, 6, 3, 7], 3, words, [matrix([10, 11]), matrix([12, 13])]);
  expect(two).toEqual(one);
  const none = promptEmbeddings([5, 4, 6, 4, 7], 3, words, []);
  expect(none).toEqual(words);
  expect(none.data).not.toBe(words.data);
});

it("refuses counts and widths that do not fit", () => {
  const attempt = (ids: number[], ...visual: ReturnType<typeof matrix>[]) => promptEmbeddings(ids, 3, words, visual);
  expect(() => attempt([5, 3, 6, 3, 7], matrix([1, 2]))).toThrow(/1 placeholders for as many visual rows, got 2/);
  expect(() => attempt([5, 3, 6, 7, 7], { ...matrix([1, 2]), dim: 1 })).toThrow(/5 rows of width 2/);
  expect(() => attempt([5, 3, 6], matrix([1, 2]))).toThrow(InvalidInputError);
});
