import { expect, it } from "vitest";
import { moduleWord } from "./module-word.js";

it.each([
  ["./mine.mjs", "./mine.mjs", []],
  ["./mine.mjs:alpha=0.5", "./mine.mjs", ["alpha=0.5"]],
  ["mine.mjs:alpha=0.5:without=text", "mine.mjs", ["alpha=0.5", "without=text"]],
  ["../a/b.ts", "../a/b.ts", []],
  ["/home/me/mine.js:a=1", "/home/me/mine.js", ["a=1"]],
  ["C:\\me\\mine.mjs:alpha=0.5", "C:\\me\\mine.mjs", ["alpha=0.5"]],
  ["d:/me/mine.cjs", "d:/me/mine.cjs", []],
  ["file:///home/me/mine.mjs:alpha=0.5", "file:///home/me/mine.mjs", ["alpha=0.5"]],
  ["file:///C:/me/mine.mjs:alpha=0.5", "file:///C:/me/mine.mjs", ["alpha=0.5"]],
  ["./folder:alpha=1", "./folder", ["alpha=1"]],
  [".\\mine", ".\\mine", []],
  ["~/mine.mjs", "~/mine.mjs", []],
  ["./mine.mjs:", "./mine.mjs", [""]],
  ["./mine.mjs:note=a.js", "./mine.mjs", ["note=a.js"]],
  ['./mine.mjs:sides={"a":1,"b":[2]}:alpha=1', "./mine.mjs", ['sides={"a":1,"b":[2]}', "alpha=1"]],
])("finds the module of %s", (word, path, pairs) => {
  expect(moduleWord(word)).toEqual({ path, pairs });
});

it.each(["cdpruner", "recoverable:merge=mean", "tome-once", "", "none", "prumerge-plus:neighbors=3"])(
  "takes %s for the name of a method",
  (word) => {
    expect(moduleWord(word)).toBeUndefined();
  },
);
