/** @file Names of the folders of settings. */
import { textHash } from "../../math/index.js";

/**
 * Ids whose names differ once `:` has become one text or another and `..` and `%` of the budget are replaced: lower case, as file systems may
 * ignore it, and values without any mark but dots.
 */
const PLAIN_ID = /^([a-z][\w-]*)(:[a-z]\w*=[a-z\d.]+)*@[\d.%a-z]+$|^\w+$/;
/** Longest readable part of a name: file systems take 255 bytes, and an export puts the model's name before it. */
const LONGEST_NAME = 80;

/** Whether a setting's id becomes a name of its own by replacing single characters. */
export function isPlainId(id: string): boolean {
  return PLAIN_ID.test(id) && id === id.toLowerCase() && id.length <= LONGEST_NAME;
}

/**
 * Name of a setting's folder: its id, with what file systems do not take replaced. Where another id could become the same name, or it is long,
 * a hash of the id follows.
 */
export function settingFolder(id: string): string {
  const name = replacedName(id);
  return isPlainId(id) ? name : `${name.slice(0, LONGEST_NAME)}-${textHash(id)}`;
}

/** The id with what file systems do not take replaced: the whole name in runs of earlier versions. */
export function replacedName(id: string): string {
  // A name that ends in dots loses them on Windows.
  return id.replaceAll("..", "-to-").replaceAll(/[^\w.@=-]/g, "-");
}
