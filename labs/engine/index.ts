/** What labs may use of the engine; README.md says what each does. */
export { Arena } from "./arena";
export { predictor, splitIntoBatches, trainer, type Inputs, type Samples, type Tensors, type Trainer } from "./fit";
export { glorotUniform, normal, ones, orthogonal, parameter, uniform, zeros } from "./initializers";
export { javascriptKernels, type Kernels } from "./javascript/kernels";
export {
  bidirectional,
  dense,
  embedding,
  gru,
  layer,
  layerNormalization,
  lstm,
  projection,
  recurrent,
  simpleRNN,
  type Layer,
  type RecurrentLayer,
} from "./layers";
export { loadKernels, type Loaded } from "./load";
export { additiveScores, causalMask, diagonalMask, dotScores, softmax, weightedSum } from "./operations/attention";
export { add, gelu, multiply, notEqual, relu, scale, sigmoid, tanh } from "./operations/elementwise";
export { binaryCrossentropy, meanSquaredError, sparseCategoricalCrossentropy } from "./operations/losses";
export { concatenate, mean, permute, relativeBias, reshape, reverse, slice, sum, unstack } from "./operations/moves";
export { matmul } from "./operations/products";
export type { CellName } from "./operations/recurrent";
export { adam, sgd, type Optimizer } from "./optimizers";
export { Parameter, Parameters, type Weights } from "./parameters";
export { Tape, type Operand, type Tensor } from "./tape";
