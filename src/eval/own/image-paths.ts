/** @file Images that rows name by their paths below one folder. */
import { didYouMean, shape } from "../../core/index.js";

/** Finds an image by what a row says. @returns its path as it was listed, or why there is none. */
export type FindImage = (path: string) => { readonly path: string } | string;

/** What begins like an address, a drive or the root of a disk. */
const ABSOLUTE = /^([a-z][a-z0-9+.-]*:|[/\\])/i;

/**
 * Paths are compared without `.` and `..`, with \ for / too, and in one form of Unicode: systems write é in two. None leads out of the folder.
 *
 * @param listed paths below the folder, with slashes.
 * @param folder for messages.
 */
export function imageFinder(listed: readonly string[], folder: string): FindImage {
  const known = new Map(listed.map((path) => [path.normalize(), path]));
  const byName = new Map(listed.map((path) => [nameOf(path), path]));
  return (path) => {
    if (known.has(path.normalize())) return { path: known.get(path.normalize()) as string };
    if (ABSOLUTE.test(path)) return `image ${shape.brief(path)}, where a path below ${folder} belongs`;
    const parts: string[] = [];
    for (const part of path.normalize().split(/[/\\]/)) {
      if (part === ".." && parts.pop() === undefined) return `image ${shape.brief(path)} is outside of ${folder}`;
      if (part !== ".." && part !== "." && part !== "") parts.push(part);
    }
    const found = known.get(parts.join("/"));
    if (found !== undefined) return { path: found };
    const near = byName.get(nameOf(parts.join("/")));
    return `no image ${shape.brief(path)} in ${folder}${didYouMean(near)}`;
  };
}

/** The last part of a path, in any case. */
function nameOf(path: string): string {
  return path
    .slice(path.lastIndexOf("/") + 1)
    .normalize()
    .toLowerCase();
}
