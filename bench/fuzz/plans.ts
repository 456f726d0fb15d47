import { applyPlan, planFromJson, planToJson } from "../../src/core/index.js";
import { compress } from "../../src/methods/index.js";
import { syntheticTable } from "../../src/testing/index.js";
import { damageJson } from "./damage.js";
import type { Harness } from "./run-fuzz.js";

/** Plan JSON: what is read is applied to its table, and written back as it was. */
export const plans: Harness = {
  about: "plan JSON, read and applied to a table",
  async open() {
    const table = syntheticTable({ rows: 6, columns: 6, dim: 8 });
    const kinds = (["recoverable", "prumerge", "uniform", "tome-once"] as const).map((method) =>
      planToJson(
        compress(table, { method, ...(method === "prumerge" || method === "recoverable" ? {} : { budget: 9 }) }).plan,
      ),
    );
    return {
      async run(random) {
        const plan = planFromJson(damageJson(kinds[random.below(kinds.length)], random));
        const { count } = applyPlan(plan, table.features);
        if (count !== plan.anchor.length) throw new Error(`${count} rows of ${plan.anchor.length}`);
        if (JSON.stringify(planToJson(planFromJson(planToJson(plan)))) !== JSON.stringify(planToJson(plan)))
          throw new Error("written and read, the plan is another");
      },
    };
  },
};
