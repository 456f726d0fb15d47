/** @file Work that gives pieces of text while it runs, and a result at its end. */

/** Text as it comes: a promise of the result that can also be iterated for the pieces; both may be done, in any order. */
export interface AnswerStream<R> extends AsyncIterable<string>, Promise<R> {
  /** The same result, as a promise alone. */
  readonly result: Promise<R>;
}

/** Starts the work at once. Its failure is thrown wherever the stream is awaited or iterated, and nowhere else. */
export function answerStream<R>(work: (emit: (piece: string) => void) => Promise<R>): AnswerStream<R> {
  const pieces: string[] = [];
  let ended = false;
  const waiting: (() => void)[] = [];
  const wake = () => {
    for (const go of waiting.splice(0)) go();
  };
  const result = work((piece) => {
    pieces.push(piece);
    wake();
  }).finally(() => {
    ended = true;
    wake();
  });
  // Who only reads the pieces gets the failure there.
  result.catch(() => {});
  const iterate = async function* () {
    for (let next = 0; ; ) {
      if (next < pieces.length) yield pieces[next++];
      else if (ended) break;
      else {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      }
    }
    await result;
  };
  return Object.defineProperties(result, {
    result: { value: result },
    [Symbol.asyncIterator]: { value: iterate },
  }) as AnswerStream<R>;
}
