/** Parts of a text between separators, but not those inside brackets, braces and quotes of JSON: `a:b={"c":1}` is two parts at `:`. */
export function splitOutside(text: string, separator: "," | ":"): string[] {
  const parts: string[] = [];
  let [start, depth] = [0, 0];
  for (const { index, 0: found } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},:]/g)) {
    if ("[{".includes(found)) depth++;
    else if ("]}".includes(found)) depth = Math.max(0, depth - 1);
    else if (found === separator && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, text.slice(start)];
}
