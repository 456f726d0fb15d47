/**
 * @file Operators whose first result has the element type and the number of axes of their first input (ONNX's docs/Operators.md, ONNX
 * Runtime's docs/ContribOperators.md). What is in neither this list nor the rules beside it is unknown, and is not guessed.
 */
export const LIKE_FIRST: ReadonlySet<string> = new Set(
  (
    "Abs Acos Asin Atan Attention AveragePool BatchNormalization BiasGelu BiasSplitGelu Ceil Celu Clip Concat Conv Cos CumSum " +
    "Dropout Elu Erf Exp FastGelu Floor Gelu GlobalAveragePool GroupNorm GroupNormalization HardSigmoid HardSwish Identity " +
    "InstanceNormalization LayerNormalization LeakyRelu Log LogSoftmax MatMulNBits MaxPool Mish MultiHeadAttention Neg " +
    "Pad PRelu QuickGelu RMSNormalization Reciprocal Relu Resize RotaryEmbedding Round Selu Sigmoid Sign SimplifiedLayerNormalization " +
    "Sin SkipLayerNormalization SkipSimplifiedLayerNormalization Slice Softmax Softplus Softsign Split Sqrt Swish Tan Tanh " +
    "ThresholdedRelu Tile TopK Trilu"
  ).split(" "),
);
