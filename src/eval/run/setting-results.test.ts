import { expect, it } from "vitest";
import { lmmsEvalName } from "./setting-results.js";

it("names models as lmms-eval does: what file systems refuse becomes two underscores, all else stays", () => {
  expect(lmmsEvalName("owner/My model (v1.5)")).toBe("owner__My model (v1.5)");
  expect(lmmsEvalName('a:b|c<>d"[e]')).toBe("a__b__c__d__e__");
});
