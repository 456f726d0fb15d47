import { expect, it } from "vitest";
import { InvalidInputError } from "../core/index.js";
import { workQueue } from "./work-queue.js";

const later = () => new Promise((resolve) => setTimeout(resolve, 1));

it("does one after the other, goes past a failure, and releases once at the end", async () => {
  const done: string[] = [];
  const work = (name: string) => async () => {
    done.push(`${name} begins`);
    await later();
    done.push(`${name} ends`);
    if (name === "b") throw new Error(name);
    return name;
  };
  const queue = workQueue(async () => {
    done.push("released");
  });
  const all = Promise.allSettled(["a", "b", "c"].map((name) => queue.run(work(name))));
  await Promise.all([queue.dispose(), queue.dispose()]);
  expect((await all).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(done).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends", "released"]);
  await expect(queue.run(work("d"))).rejects.toThrow(InvalidInputError);
  await expect(queue.run(work("d"))).rejects.toThrow(/the model is disposed of/);
  await queue.dispose();
  expect(done).toHaveLength(7);
});
