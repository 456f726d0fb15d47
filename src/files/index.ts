/** Files in Node: atomic writes, output folders, images, PNG, safetensors, and their errors. */
export { checkedPath, readText, readTextIfThere, statFile, withFileErrors } from "./file-errors.js";
export { type FileSource, fileSource } from "./file-source.js";
export type { FolderLock } from "./folder-lock.js";
export { thisMachine } from "./machine.js";
export { makeFolder } from "./make-folder.js";
export { MissingPackageError, optionalPackage } from "./optional-package.js";
export { type OutputFolderRequest, openOutputFolder, otherRequest } from "./output-folder.js";
export { packagePath, tinyPath } from "./package-path.js";
export { PNG_PACKAGES, type SvgToPngOptions, svgToPng } from "./png.js";
export { imageToPng, readImage } from "./read-image.js";
export { type EncodeSafetensorsOptions, encodeSafetensors } from "./safetensors/encode.js";
export type { Dtype, Tensor, TensorArrays } from "./safetensors/format.js";
export { type ParseSafetensorsOptions, parseSafetensors, type Safetensors } from "./safetensors/parse.js";
export { type ReadSafetensorsOptions, readSafetensors, writeSafetensors } from "./safetensors-file.js";
export {
  type GridSize,
  readTokenTable,
  type TextScale,
  type TokenTableFile,
  type TokenTableOptions,
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
