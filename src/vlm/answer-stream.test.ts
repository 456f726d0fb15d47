import { expect, it } from "vitest";
import { answerStream } from "./answer-stream.js";

const later = () => new Promise((resolve) => setTimeout(resolve, 1));

async function read(stream: AsyncIterable<string>): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}

it("gives pieces as they come, and the result", async () => {
  const stream = answerStream(async (emit) => {
    emit("a");
    await later();
    emit("b");
    emit("c");
    return 3;
  });
  // Two readers at once get all of it, and one who comes late.
  expect(await Promise.all([read(stream), read(stream)])).toEqual([
    ["a", "b", "c"],
    ["a", "b", "c"],
  ]);
  expect(await stream.result).toBe(3);
  expect(await read(stream)).toEqual(["a", "b", "c"]);
});

it("is awaited for the result, before its pieces are read and after", async () => {
  const stream = answerStream(async (emit) => {
    emit("a");
    await later();
    return 3;
  });
  expect(await stream).toBe(3);
  expect(await read(stream)).toEqual(["a"]);
  expect(await Promise.all([stream, stream])).toEqual([3, 3]);
});

it("is a promise, with all that promises have", async () => {
  const stream = answerStream(async () => 3);
  expect(stream).toBeInstanceOf(Promise);
  expect(await stream.finally(() => {})).toBe(3);
  const failed = answerStream<number>(() => Promise.reject(new Error("broken")));
  expect(await failed.catch(({ message }) => message)).toBe("broken");
});

it("throws a failure where it is awaited, and nowhere else", async () => {
  const fail = () =>
    answerStream<number>(async (emit) => {
      emit("a");
      await later();
      throw new Error("broken");
    });
  await expect(read(fail())).rejects.toThrow("broken");
  await expect(fail().result).rejects.toThrow("broken");
  await expect(fail()).rejects.toThrow("broken");
  // Work that fails before it has begun is no exception of the call.
  const refused = answerStream<number>(async () => {
    throw new Error("refused");
  });
  await expect(refused).rejects.toThrow("refused");
  fail();
  await later();
});
