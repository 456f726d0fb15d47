/** Whether a text has the form of a Hugging Face model id, `owner/name`. */
export function isModelId(source: string): boolean {
  return /^[\w.-]+\/[\w.-]+$/.test(source) && !source.split("/").some((part) => /^\.+$/.test(part));
}
