/** @file Methods of one's own on the command line: modules with a method as their default export. */
export { checkModule, freeId, loadMethod, type NamedMethods, namedMethods } from "./load-method.js";
export { moduleHint, moduleWord } from "./module-word.js";
export { methodTemplate } from "./template.js";
