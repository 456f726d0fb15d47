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

/** A promise and the function that fulfills it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

it("lets others pass while some work is prepared, and waits for it when disposed of", async () => {
  const done: string[] = [];
  const queue = new WorkQueue(async () => {
    done.push("released");
  });
  const { opened, open } = gate();
  const slow = queue.run(async (read: string) => done.push(read), undefined, {
    reads: true,
    prepare: () => opened.then(() => "slow"),
  });
  await queue.run(async () => done.push("fast"));
  const disposed = queue.dispose();
  await later();
  open();
  await Promise.all([slow, disposed]);
  expect(done).toEqual(["fast", "slow", "released"]);
});

it("prepares after what it is to follow, however that ends, and gives up what is aborted meanwhile", async () => {
  const queue = new WorkQueue(async () => {});
  const controller = new AbortController();
  const done: string[] = [];
  const { opened, open } = gate();
  const after = opened.then(() => {
    throw new Error("first failed");
  });
  const preparation = { after, reads: false, prepare: async () => done.push("prepared") };
  const second = queue.run(async () => done.push("second"), undefined, preparation);
  const aborted = queue.run(async () => done.push("aborted"), controller.signal, preparation);
  controller.abort(new Error("enough"));
  await expect(aborted).rejects.toThrow("enough");
  expect(done).toEqual([]);
  open();
  await second;
  expect(done).toEqual(["prepared", "second"]);
});

it("holds eight prepared images at most, and gives the places of aborted and failed ones to others", async () => {
  const queue = new WorkQueue(async () => {});
  const controller = new AbortController();
  const { opened, open } = gate();
  const first = queue.run(() => opened);
  let prepared = 0;
  const reading = (fails = false) => ({
    reads: true,
    prepare: async () => {
      prepared++;
      if (fails) throw new Error("broken");
    },
  });
  const works = Array.from({ length: 20 }, (_, at) =>
    queue.run(async () => at, at < 4 ? controller.signal : undefined, reading(at === 10)),
  );
  const all = Promise.allSettled(works);
  await later();
  expect(prepared).toBe(8);
  controller.abort();
  await later();
  // The places of the aborted four come back when the queue gets to them.
  expect(prepared).toBe(8);
  open();
  await first;
  expect((await all).filter(({ status }) => status === "fulfilled")).toHaveLength(15);
  expect(prepared).toBe(20);
});
