/**
 * Additive scores: v · tanh(query + key), for every query and every key.
 *
 * Composed of TensorFlow.js' operations, this would write down all units of every pair three times.
 */
import * as tf from "@tensorflow/tfjs-core";
import { byHand } from "./by_hand";
import { tanh } from "./cells";

/** (samples, queries, units), (samples, keys, units), (units,) → (samples, queries, keys). */
export function additiveScores(queries: tf.Tensor3D, keys: tf.Tensor3D, v: tf.Tensor1D): tf.Tensor3D {
  const [samples, numQueries, units] = queries.shape;
  const [, numKeys] = keys.shape;

  /** Every pair: its number, and where its query and its key begin. */
  function* everyPair() {
    for (let query = 0, pair = 0; query < samples * numQueries; query++) {
      const firstKey = Math.floor(query / numQueries) * numKeys;
      for (let key = firstKey; key < firstKey + numKeys; key++, pair++) {
        yield { pair, query: query * units, key: key * units };
      }
    }
  }

  return byHand([samples, numQueries, numKeys], [queries, keys, v], (queryValues, keyValues, vValues) => {
    const scores = new Float32Array(samples * numQueries * numKeys);
    const bent = new Float32Array(scores.length * units);
    for (const { pair, query, key } of everyPair()) {
      for (let unit = 0, at = pair * units; unit < units; unit++, at++) {
        bent[at] = tanh(queryValues[query + unit] + keyValues[key + unit]);
        scores[pair] += vValues[unit] * bent[at];
      }
    }
    const gradients = (upstream: Float32Array) => {
      const byQueries = new Float32Array(queryValues.length);
      const byKeys = new Float32Array(keyValues.length);
      const byV = new Float32Array(units);
      for (const { pair, query, key } of everyPair()) {
        for (let unit = 0, at = pair * units; unit < units; unit++, at++) {
          const bySum = upstream[pair] * vValues[unit] * (1 - bent[at] * bent[at]);
          byQueries[query + unit] += bySum;
          byKeys[key + unit] += bySum;
          byV[unit] += upstream[pair] * bent[at];
        }
      }
      return [byQueries, byKeys, byV];
    };
    return { value: scores, gradients };
  });
}
