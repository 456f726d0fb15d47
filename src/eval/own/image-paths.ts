/** @file Images that rows name by their paths below one folder. */
import { didYouMean, shape } from "../../core/index.js";

/** Finds an image by what a row says. @returns its path as it was listed, or why there is none. */
export type FindImage = (path: string) => { readonly path: string } | string;

/** What begins like an address, a drive or the root of a disk. */
const ABSOLUTE = /^([a-z][a-z0-9+.-]*:|[/\\])/i;

/**
 * A path as it is listed comes first. Others are compared without `.` and `..`, with \ for / too, and in one form of Unicode: systems write é in
 * two. None leads out of the folder.
 *
 * @param listed paths below the folder, with slashes.
 * @param folder for messages.
 */
export function imageFinder(listed: readonly string[], folder: string): FindImage {
  // Of two alike the first: nearest to the folder in the order of paths.
  const firstBy = (key: (path: string) => string) => new Map(listed.toReversed().map((path) => [key(path), path]));
  const exact = new Set(listed);
  const known = firstBy((path) => path.normalize());
  const [byPath, byName] = [firstBy(folded), firstBy(nameOf)];
  return (path) => {
    if (exact.has(path)) return { path };
    if (known.has(path.normalize())) return { path: known.get(path.normalize()) as string };
    if (ABSOLUTE.test(path)) return `image ${shape.brief(path)}, where a path below ${folder} belongs`;
    const parts: string[] = [];
    for (const part of path.split(/[/\\]/)) {
      if (part === ".." && parts.pop() === undefined) return `image ${shape.brief(path)} is outside of ${folder}`;
      if (part !== ".." && part !== "." && part !== "") parts.push(part);
    }
    const plain = parts.join("/");
    const found = exact.has(plain) ? plain : known.get(plain.normalize());
    if (found !== undefined) return { path: found };
    const near = byPath.get(folded(plain)) ?? byName.get(nameOf(plain));
    return `no image ${shape.brief(path)} in ${folder}${didYouMean(near)}`;
  };
}

/** In any case and form of Unicode. */
function folded(path: string): string {
  return path.normalize().toLowerCase();
}

/** The last part of a path, likewise. */
function nameOf(path: string): string {
  return folded(path.slice(path.lastIndexOf("/") + 1));
}
