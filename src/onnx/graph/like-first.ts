/**
 * @file Operators whose first result has the element type and the number of axes of their first input (ONNX's docs/Operators.md, ONNX
 * Runtime's docs/ContribOperators.md). What is in neither this list nor the rules beside it is unknown, and is not guessed.
 */
export const LIKE_FIRST: ReadonlySet<string> = new Set(
  (
    "Abs Acos Acosh Asin Asinh Atan Atanh Attention AveragePool BatchNormalization BiasGelu BiasSplitGelu " +
    "BitwiseNot Ceil Celu Clip Concat Conv Cos Cosh CumSum Dropout Elu Erf Exp FastGelu Floor Gelu " +
    "GlobalAveragePool GlobalLpPool GlobalMaxPool GroupNorm GroupNormalization HardSigmoid HardSwish Hardmax " +
    "Identity InstanceNormalization LRN LeakyRelu Log LogSoftmax LpNormalization LpPool MatMulBnb4 MatMulNBits " +
    "MaxPool MeanVarianceNormalization Mish Neg PRelu Pad QuickGelu Reciprocal Relu Resize RotaryEmbedding Round " +
    "Selu Shrink Sigmoid Sign Sin Sinh SkipLayerNormalization SkipSimplifiedLayerNormalization Slice Softmax " +
    "Softplus Softsign Split Sqrt Swish Tan Tanh ThresholdedRelu Tile TopK Trilu"
  ).split(" "),
);
