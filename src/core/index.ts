/** @file Tables, plans, and the arithmetic on both. */
export { applyPlan } from "./apply-plan.js";
export {
  type BoundedBudget,
  type Budget,
  type BudgetRows,
  budgetRows,
  budgetText,
  checkedBudget,
  parseBudget,
  type RatioBudget,
  type RetainBudget,
} from "./budget.js";
export {
  BudgetError,
  type ErrorCode,
  type ErrorFacts,
  FormatError,
  InvalidInputError,
  MissingSignalError,
  messageOf,
  OfficialFailureError,
  RecoupError,
  refusalFor,
} from "./errors.js";
export { groupBy } from "./group-by.js";
export { FORMAT_BYTES, IMAGE_FORMATS, type ImageFormat, imageFormat } from "./image-format.js";
export {
  assertImageLength,
  assertImageSizes,
  type BlobLike,
  bodyParts,
  bytesInMemory,
  dataUrlBytes,
  type ImageSource,
  isBlob,
  isBytes,
  isDataUrl,
  isImageSource,
  isUrl,
  MAX_IMAGE_BYTES,
  MAX_IMAGE_FETCH,
  MAX_IMAGE_PIXELS,
  sourceName,
} from "./image-source.js";
export { MAX_NEW_TOKENS } from "./max-new-tokens.js";
export {
  type CompressionMethod,
  MASS_MEASURES,
  type MassMeasure,
  type MethodContext,
  type MethodOptions,
  type OptionFacts,
} from "./method.js";
export { didYouMean, nearestName } from "./nearest-name.js";
export { CONTEXT_SHAPES, knownOptions, optionsOf } from "./options.js";
export { countOutliers, localOutlierFactor, OUTLIER_THRESHOLD, type OutlierSide } from "./outliers.js";
export {
  assertPlan,
  type CompressionPlan,
  expandRow,
  identityPlan,
  orderRows,
  ownRow,
  type PlanRow,
  planRows,
  ROLES,
  type Role,
  type RowOrder,
  retentionRatio,
  roleCounts,
  rowCount,
} from "./plan.js";
export { type PlanJson, planFromJson, planToJson } from "./plan-json.js";
export { lackingIds, ownAnchors, type RecoveredRows, recover, recoverRows } from "./recover.js";
export { onWhite, type RgbImage } from "./rgb-image.js";
export * as shape from "./shape.js";
export { clsAttention, projectRows, textSimilarity, withoutClsRow, wordSimilarity } from "./signals.js";
export { type PositionPlanes, type Positions, type SplicedPrompt, splicePlaceholders } from "./splice.js";
export { splitOutside } from "./split-outside.js";
export { assertGrids, squareGrid, type TokenGrid } from "./token-grid.js";
export {
  createTokenTable,
  onlySignals,
  requireSignals,
  SIGNALS,
  type Signal,
  signalsOf,
  type TableWith,
  type TokenTable,
  type TokenTableColumns,
  take,
} from "./token-table.js";
export {
  checkedAlpha,
  checkedTold,
  DEFAULT_TOLD,
  MAX_ALPHA,
  type RowFact,
  type Told,
  type ToldOptions,
  type Untold,
} from "./told.js";
export { assertFinite, assertRows, type VisualTokens } from "./visual-tokens.js";
