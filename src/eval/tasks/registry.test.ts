import { describe, expect, it } from "vitest";
import { RULES } from "../task.js";
import { findTask, TASK_IDS, TASKS } from "./registry.js";

describe("TASKS", () => {
  it("have lmms-eval's names, and mirrors", () => {
    expect(TASK_IDS).toEqual([
      "pope",
      "pope_random",
      "pope_pop",
      "pope_adv",
      "textvqa_val",
      "scienceqa",
      "scienceqa_img",
      "mme",
      "mmbench_en_dev",
      "mmbench_en_dev_static",
      "vqav2_val",
      "vqav2_test",
      "syn_pope",
      "syn_textvqa",
      "syn_sqa_img",
      "syn_vqav2",
      "syn_mme",
      "syn_mmbench",
    ]);
    expect(Object.isFrozen(TASKS) && Object.isFrozen(TASK_IDS)).toBe(true);
  });

  it.each(TASKS.map((task) => [task.id, task] as const))(
    "%s says which rules it has and which files it needs",
    (id, task) => {
      expect(RULES).toEqual(expect.arrayContaining([...task.rules]));
      expect(task.rules[0]).toBe(id === "mmbench_en_dev_static" ? "lmms_eval" : "llava");
      for (const rule of task.rules) {
        const paths = Object.values(task.files(rule));
        expect(new Set(paths).size).toBe(paths.length);
        expect(paths.includes("regions.jsonl")).toBe(id.startsWith("syn_"));
      }
    },
  );
});

describe("findTask", () => {
  it("finds each by its name", () => {
    for (const task of TASKS) expect(findTask(task.id)).toBe(task);
  });

  it("suggests the nearest name for a slip, and lists all", () => {
    expect(() => findTask("pop")).toThrow(/did you mean pope\?/);
    expect(() => findTask("TEXTVQA_VAL")).toThrow(/did you mean textvqa_val\?/);
    expect(() => findTask("gqa")).toThrow(/one of pope, .*syn_mmbench, got "gqa"/);
    expect(() => findTask("gqa")).not.toThrow(/did you mean/);
    expect(() => findTask("constructor")).toThrow(/got "constructor"/);
  });
});
