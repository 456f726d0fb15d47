/** @file `recoup method`: a method of one's own, begun and checked. */
import { basename, isAbsolute } from "node:path";
import { groupBy, InvalidInputError, refusalFor } from "../../core/index.js";
import { readTextIfThere, withFileErrors, writeFileAtomic } from "../../files/index.js";
import { METHOD_PROPERTIES } from "../../testing/index.js";
import { type Command, defineCommand } from "../command.js";
import { typoHint } from "../flags.js";
import { checkModule, freeId, methodTemplate } from "../own-method/index.js";
import { definitions, hanging, TEXT_WIDTH } from "../text-table.js";

const initAction = defineCommand({
  name: "method init",
  summary: "write a method to start from: a module that works, with comments",
  words: ["FILE.mjs"],
  flags: { dynamic: { type: "flag", help: "one that also finds its own number of rows" } },
  async run({ flags: { dynamic }, words: [path] }, io) {
    if (!path.endsWith(".mjs")) throw refusalFor("method init")("a file that ends in .mjs", path);
    const id = freeId(basename(path, ".mjs"));
    await assertNew(path);
    await writeFileAtomic(path, methodTemplate(id, dynamic), { folders: true });
    const word = isAbsolute(path) || path.startsWith(".") ? path : `./${path}`;
    io.out(`wrote ${path}, the method ${id}. Next:`);
    io.out(`  recoup method check ${path}`);
    io.out(`  recoup eval --tasks syn_vqav2 --methods ${word},cdpruner --budgets 58 --out runs/${id}`);
  },
});

/** @throws InvalidInputError for a file that is there: it may be work of hours. */
async function assertNew(path: string): Promise<void> {
  const expected = `a file that can be written at ${path}`;
  const there = await withFileErrors("method init", expected, () => readTextIfThere("method init", path));
  if (there === undefined) return;
  const problem = `${path} is there already: give another name, or remove it`;
  throw new InvalidInputError({ operation: "method init", problem });
}

const checkAction = defineCommand({
  name: "method check",
  summary: "check what every method keeps to: valid plans, exact budgets, the same plan every time",
  words: ["FILE"],
  about: ["A module with a method as its default export. In a test file: assertMethod of recoup/testing."],
  terms: METHOD_PROPERTIES.map(({ id, says }) => [id, says]),
  flags: {
    except: {
      type: "list",
      choices: METHOD_PROPERTIES.map(({ id }) => id),
      placeholder: "IDS",
      help: "properties of the above that the method breaks on purpose",
    },
    json: { type: "flag", help: "one JSON array instead of text" },
  },
  async run({ flags: { except = [], json }, words: [path] }, io) {
    const results = await checkModule("method check", path, { except });
    const failed = results.filter(({ broken }) => broken !== undefined);
    const width = Math.min(io.columns, TEXT_WIDTH);
    if (json) io.out(JSON.stringify(results, undefined, 2));
    else {
      // One mistake breaks several properties: its words stand once, below all of them.
      for (const [, same] of groupBy(results, ({ broken, says }) => broken ?? says)) {
        const [{ broken }] = same;
        for (const { says } of same) io.out(hanging(broken === undefined ? "ok      " : "failed  ", says, width));
        if (broken !== undefined) io.out(hanging("        ", broken, width));
      }
    }
    const left = METHOD_PROPERTIES.length - except.length - results.length;
    if (left > 0) io.note(`${left} more are checked once this one holds`);
    if (failed.length === 0) return undefined;
    io.note(`${failed.length} of ${results.length} properties do not hold of ${path}`);
    return 1;
  },
});

const ACTIONS: Readonly<Record<string, Command>> = { init: initAction, check: checkAction };

/** `recoup method`: a method of one's own, begun and checked. */
export const methodCommand: Command = {
  name: "method",
  summary: "begin a method of your own, and check it",
  help(columns, [action] = []) {
    if (Object.hasOwn(ACTIONS, action ?? "")) return ACTIONS[action].help(columns);
    const actions = Object.entries(ACTIONS).map(([name, { summary }]) => [name, summary] as const);
    return [
      "usage: recoup method ACTION FILE [options]",
      definitions(actions, Math.min(columns, TEXT_WIDTH)),
      "recoup help method ACTION says more.",
    ].join("\n\n");
  },
  async run([action, ...args], io) {
    if (Object.hasOwn(ACTIONS, action ?? "")) return ACTIONS[action].run(args, io);
    const got = action === undefined ? "nothing" : action + typoHint(action, Object.keys(ACTIONS));
    throw refusalFor("method")("init or check", got);
  },
};
