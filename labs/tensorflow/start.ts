/**
 * TensorFlow.js cut down to what the labs use: the WebAssembly backend and the kernels and
 * gradients below. A lab that needs another one gets "Kernel … not registered" at its first step.
 */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/base_side_effects";
import { BackendWasm, init, setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm/dist/backend_wasm";
import { batchMatMulConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/BatchMatMul";
import { addConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Add";
import { castConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Cast";
import { concatConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Concat";
import { identityConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Identity";
import { multiplyConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Multiply";
import { padV2Config } from "@tensorflow/tfjs-backend-wasm/dist/kernels/PadV2";
import { reshapeConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Reshape";
import { reverseConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Reverse";
import { sliceConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Slice";
import { softmaxConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Softmax";
import { splitVConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/SplitV";
import { subConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Sub";
import { sumConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Sum";
import { transposeConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Transpose";
import { addGradConfig } from "@tensorflow/tfjs-core/dist/gradients/Add_grad";
import { batchMatMulGradConfig } from "@tensorflow/tfjs-core/dist/gradients/BatchMatMul_grad";
import { concatGradConfig } from "@tensorflow/tfjs-core/dist/gradients/Concat_grad";
import { multiplyGradConfig } from "@tensorflow/tfjs-core/dist/gradients/Multiply_grad";
import { reshapeGradConfig } from "@tensorflow/tfjs-core/dist/gradients/Reshape_grad";
import { reverseGradConfig } from "@tensorflow/tfjs-core/dist/gradients/Reverse_grad";
import { sliceGradConfig } from "@tensorflow/tfjs-core/dist/gradients/Slice_grad";
import { softmaxGradConfig } from "@tensorflow/tfjs-core/dist/gradients/Softmax_grad";
import { sumGradConfig } from "@tensorflow/tfjs-core/dist/gradients/Sum_grad";
import { transposeGradConfig } from "@tensorflow/tfjs-core/dist/gradients/Transpose_grad";

const kernels = [
  addConfig,
  batchMatMulConfig,
  castConfig,
  concatConfig,
  identityConfig,
  multiplyConfig,
  padV2Config,
  reshapeConfig,
  reverseConfig,
  sliceConfig,
  softmaxConfig,
  splitVConfig,
  subConfig,
  sumConfig,
  transposeConfig,
];

/**
 * The gradient of a matrix product, with the transpositions done first: on transposed operands the
 * WebAssembly kernel leaves its fast path, and a training step takes twice as long.
 */
const fastMatMulGradConfig: tf.GradConfig = {
  ...batchMatMulGradConfig,
  gradFunc: (dy, saved, attributes) => {
    const { transposeA, transposeB } = attributes as unknown as tf.BatchMatMulAttrs;
    if (transposeA || transposeB) return batchMatMulGradConfig.gradFunc(dy, saved, attributes);
    const [a, b] = saved;
    const upstream = dy as tf.Tensor;
    return {
      a: () => tf.matMul(upstream, swapLastAxes(b)),
      b: () => tf.matMul(swapLastAxes(a), upstream),
    };
  },
};

function swapLastAxes(tensor: tf.Tensor): tf.Tensor {
  const axes = tensor.shape.map((_, axis) => axis);
  return tf.transpose(tensor, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}

const gradients = [
  addGradConfig,
  concatGradConfig,
  fastMatMulGradConfig,
  multiplyGradConfig,
  reshapeGradConfig,
  reverseGradConfig,
  sliceGradConfig,
  softmaxGradConfig,
  sumGradConfig,
  transposeGradConfig,
];

const wasmFiles = ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm", "tfjs-backend-wasm-threaded-simd.wasm"];

/** Loads a .wasm file, each of which has an address, and makes it TensorFlow's backend. */
export async function startTensorFlow(addressOf: (file: string) => string): Promise<void> {
  // Threads need shared memory, which a site without COOP and COEP headers cannot have,
  // and workers from blobs, which the content security policy forbids.
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  setThreadsCount(1);
  setWasmPaths(Object.fromEntries(wasmFiles.map((name) => [name, addressOf(name)])));
  kernels.forEach(tf.registerKernel);
  gradients.forEach(tf.registerGradient);
  tf.registerBackend("wasm", async () => new BackendWasm((await init()).wasm));
  const ready = await tf.setBackend("wasm").catch(() => false);
  if (!ready) throw new Error(`its .wasm file, ${wasmFiles[1]}, could not be loaded`);
}
