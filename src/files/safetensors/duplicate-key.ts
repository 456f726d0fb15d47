/** @file Keys that occur twice in a JSON text. */

/**
 * The first key that occurs twice in one object of a JSON text, at any depth. `JSON.parse` keeps the last one silently,
 * so two readers could see two different files; safetensors forbids it.
 *
 * @param json a text that `JSON.parse` accepts; time and memory are linear in it.
 */
export function duplicateKey(json: string): string | undefined {
  // One entry per open bracket: the keys of an object so far, nothing for an array.
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < json.length; at++) {
    const char = json[at];
    if (char === "{") open.push(new Set());
    else if (char === "[") open.push(undefined);
    else if (char === "}" || char === "]") open.pop();
    else if (char === '"') {
      const end = stringEnd(json, at);
      if (isKey(json, end)) {
        const key: string = JSON.parse(json.slice(at, end));
        const keys = open.at(-1);
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** Position after the closing quote of the string that opens at `at`. */
function stringEnd(json: string, at: number): number {
  let next = at + 1;
  while (json[next] !== '"') next += json[next] === "\\" ? 2 : 1;
  return next + 1;
}

/** In valid JSON, a string is a key exactly when a colon follows it. */
function isKey(json: string, end: number): boolean {
  let next = end;
  while (json[next] === " " || json[next] === "\n" || json[next] === "\r" || json[next] === "\t") next++;
  return json[next] === ":";
}
