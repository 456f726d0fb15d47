/** Writes generated text between a document's two comments, which name the block and the script that makes it. */
import { readFileSync, writeFileSync } from "node:fs";

/** @param path of the document. @param script name of the calling one, as in the first comment. */
export function writeBlock(path, { name, script, block }) {
  const text = readFileSync(path, "utf8");
  const start = `<!-- ${name}: scripts/${script} -->\n`;
  const [at, after] = [text.indexOf(start), text.indexOf(`<!-- /${name} -->`)];
  if (at < 0 || after < at) throw new Error(`${path} has no block ${name} of ${script}`);
  writeFileSync(path, `${text.slice(0, at + start.length)}\n${block}\n\n${text.slice(after)}`);
}
