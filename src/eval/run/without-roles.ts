/** @file A method less one of its steps: the step's rows are left out of the plan, all others stay. */
import { type CompressionMethod, orderRows, planRows, ROLES, type Role } from "../../core/index.js";

/** Roles whose rows are steps that can be left out: recovery by the text, merging, the residual. The visual rows are what they add to. */
export const DROPPABLE_ROLES: readonly Role[] = ROLES.filter((role) => role !== "visual");

/** The method without the rows of some roles: an ablation, at fewer rows than it would have. */
export function withoutRoles(method: CompressionMethod, roles: readonly Role[]): CompressionMethod {
  return {
    ...method,
    plan(table, options, context) {
      const plan = method.plan(table, options, context);
      const rows = planRows(plan).filter(({ role }) => !roles.includes(role));
      return orderRows(rows, plan.sourceCount, plan.order);
    },
  };
}
