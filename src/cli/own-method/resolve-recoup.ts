/** @file Lets a module import recoup where recoup is not installed: in a folder of its own, beside a copy or a global install. */
import module from "node:module";
import { pathToFileURL } from "node:url";
import { packagePath } from "../../files/index.js";

type Resolve = (specifier: string, context: { readonly parentURL?: string }) => unknown;
type Hooks = { registerHooks?(hooks: { resolve(...args: [...Parameters<Resolve>, Resolve]): unknown }): void };

/** A resolver in a thread of its own, as text: `recoup` and its parts from the package itself where the importer finds none. */
const ASYNC_HOOK = `
let root;
export function initialize(data) { root = data; }
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (specifier !== "recoup" && !specifier.startsWith("recoup/")) throw error;
    return next(specifier, { ...context, parentURL: root });
  }
}`;

let done = false;

/** Registers the resolver, once in a thread. A copy of recoup that the module finds by itself comes first. */
export function resolveRecoup(): void {
  if (done) return;
  done = true;
  const root = pathToFileURL(packagePath("package.json")).href;
  const { registerHooks } = module as unknown as Hooks;
  if (registerHooks === undefined) {
    module.register(`data:text/javascript,${encodeURIComponent(ASYNC_HOOK)}`, { parentURL: root, data: root });
    return;
  }
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        if (specifier !== "recoup" && !specifier.startsWith("recoup/")) throw error;
        return next(specifier, { ...context, parentURL: root });
      }
    },
  });
}
