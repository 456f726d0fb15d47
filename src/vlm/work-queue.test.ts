import { expect, it } from "vitest";
import { InvalidInputError } from "../core/index.js";
import { WorkQueue } from "./work-queue.js";

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
  const queue = new WorkQueue(async () => {
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

it("lets go of work that is aborted before its turn, and only of that", async () => {
  const queue = new WorkQueue(async () => {});
  const controller = new AbortController();
  const { signal } = controller;
  const done: string[] = [];
  let end = () => {};
  const first = queue.run(async () => {
    await new Promise<void>((resolve) => {
      end = resolve;
    });
    done.push("first");
  }, signal);
  const second = queue.run(async () => done.push("second"), signal);
  const third = queue.run(async () => done.push("third"));
  await later();
  controller.abort(new Error("enough"));
  await expect(second).rejects.toThrow("enough");
  await expect(queue.run(async () => done.push("fourth"), signal)).rejects.toThrow("enough");
  expect(done).toEqual([]);
  end();
  await Promise.all([first, third]);
  expect(done).toEqual(["first", "third"]);
});

it("frees memory after it is disposed of", async () => {
  const done: string[] = [];
  const queue = new WorkQueue(async () => {
    done.push("released");
  });
  await queue.dispose();
  await queue.free(async () => {
    done.push("freed");
  });
  expect(done).toEqual(["released", "freed"]);
});
