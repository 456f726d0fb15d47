/** Files in Node: atomic writes, output folders, images, PNG, safetensors, and what their errors say. */
export { withFileErrors } from "./file-errors.js";
export { type FileSource, fileSource } from "./file-source.js";
export type { FolderLock } from "./folder-lock.js";
export { type Machine, thisMachine } from "./machine.js";
export { MissingPackageError } from "./optional-package.js";
export { type OutputFolderRequest, openOutputFolder } from "./output-folder.js";
export { packagePath } from "./package-path.js";
export { PNG_PACKAGES, type SvgToPngOptions, svgToPng } from "./png.js";
export { pictureToPng, readImage } from "./read-image.js";
export * from "./safetensors/index.js";
export { MAX_FILE_BYTES, type ReadSafetensorsOptions, readSafetensors, writeSafetensors } from "./safetensors-file.js";
export {
  type GridSize,
  readTokenTable,
  type TextScale,
  type TokenTableFile,
  type TokenTableOptions,
  tokenTableFromTensors,
} from "./token-table-file.js";
export {
  assertOutputs,
  type FileContent,
  type OutputFile,
  type WriteAt,
  type WriteFileOptions,
  writeFileAtomic,
  writeFilesAtomic,
} from "./write-file.js";
