import { expect, it } from "vitest";
import { type LoadProgress, LoadReporter } from "./load-progress.js";

function reporter(): { report: LoadReporter; events: LoadProgress[]; host: (event: object) => void } {
  const events: LoadProgress[] = [];
  const report = new LoadReporter((event) => events.push(event));
  return { report, events, host: report.hostCallback as (event: object) => void };
}

it("makes the library's events its own, with bytes that only rise", () => {
  const { events, host } = reporter();
  const file = { name: "m", file: "a.json" };
  host({ status: "initiate", ...file });
  host({ status: "download", ...file });
  for (const loaded of [10, 10, 5, 40]) host({ status: "progress", ...file, loaded, total: 50, progress: 3 });
  host({ status: "done", ...file });
  host({ status: "ready", task: "x", model: "m" });
  expect(events).toEqual(
    [10, 40, 50].map((loaded) => ({
      phase: "download",
      model: "m",
      file: "a.json",
      loaded,
      total: 50,
      share: loaded / 50,
    })),
  );
});

it("gives the share of all files that it knows of, which never falls", () => {
  const { report, events, host } = reporter();
  report.downloaded("m", "a", 50, 100);
  host({ status: "progress_total", name: "m", files: { a: { total: 100 }, b: { total: 300 } } });
  report.downloaded("m", "a", 100, 100);
  report.downloaded("m", "b", 150, 300);
  report.downloaded("other", "a", 5);
  report.downloaded("m", "b", 300, 300);
  report.downloaded("other", "a", 10, 10);
  const shares = events.map((event) => event.phase === "download" && event.share);
  expect(shares).toEqual([0.5, 0.5, 250 / 400, undefined, undefined, 1]);
});

it("gives no share before the sizes of all weights are known", () => {
  const { report, events, host } = reporter();
  report.expect("m", "onnx/vision_encoder.onnx");
  for (const model of ["m", "clip"]) report.expectWeights(model);
  const file = { name: "m", file: "config.json" };
  host({ status: "progress", ...file, loaded: 10, total: 10 });
  report.downloaded("m", "onnx/vision_encoder.onnx", 40, 190);
  host({ status: "progress_total", name: "m", files: { "onnx/decoder.onnx": { total: 700 } } });
  report.downloaded("m", "onnx/vision_encoder.onnx", 90, 190);
  // Where the library tells no sizes, a file that is there does.
  host({ status: "progress", name: "clip", file: "onnx/text.onnx", loaded: 100, total: 100 });
  host({ status: "done", name: "clip", file: "onnx/text.onnx" });
  report.downloaded("m", "onnx/vision_encoder.onnx", 140, 190);
  const shares = events.flatMap((event) => (event.phase === "download" ? [event.share] : []));
  expect(shares).toEqual([undefined, undefined, undefined, undefined, 0.25]);
});

it("takes sizes that are not known, nonsense, or less than what comes", () => {
  const { report, events, host } = reporter();
  report.downloaded("m", "a", 5, 0);
  report.downloaded("m", "a", Number.NaN, 10);
  report.downloaded("m", "a", 20, 10);
  host({ status: "progress", name: "m", file: "b" });
  host({ status: "done", name: "m", file: "b" });
  host({ status: "done", name: "m", file: "onnx/c.onnx" });
  host({});
  expect(events).toEqual([
    { phase: "download", model: "m", file: "a", loaded: 5, total: undefined, share: undefined },
    { phase: "download", model: "m", file: "a", loaded: 10, total: 10, share: 1 },
    { phase: "session", model: "m", file: "onnx/c.onnx" },
  ]);
});

it("keeps what a listener throws for later, and is silent from then on and after its end", () => {
  let calls = 0;
  const report = new LoadReporter(() => {
    calls++;
    throw new Error("mine");
  });
  report.prepare("m", "a");
  report.ready();
  expect(calls).toBe(1);
  expect(() => report.assertHeard()).toThrow("mine");
  const { report: other, events } = reporter();
  other.end();
  other.ready();
  other.assertHeard();
  expect(events).toEqual([]);
  expect(new LoadReporter().hostCallback).toBeUndefined();
});
