/** Chapter 7: does the weight of a step say what the step does? The models of chapters 1 and 2, asked by ablation. */
import * as tf from "@tensorflow/tfjs-core";
import * as chapter1 from "./dense";
import * as chapter2 from "./recurrent";
import { binaryAccuracy, binaryCrossentropy, type Layer } from "./src/layers";
import type { Findings, Settings } from "./src/messages";
import { Adam } from "./src/optimizers";
import { seededRandom, type Random } from "./src/random";
import type { CellName } from "./src/recurrent";
import { splitIntoBatches, type Experiment, type Training } from "./src/training";
import { fixed, indexOfLargest } from "./src/verdict";

const STEPS = 20;
const NUM_HELD_OUT = 64;
const BATCH_SIZE = 64;
/** From so many other samples a step is taken; while the training goes on, from one. */
const DONORS = 8;
/** While it goes on, in so many samples only: until all steps are done, the worker hears no slider move. */
const NUM_GLANCED = 16;

interface Data {
  x: Float32Array;
  y: Float32Array;
}

/** A model of an earlier chapter, to be asked in one way: (samples, steps) → weights and one number before the sigmoid. */
interface Model {
  layers: Record<string, Layer>;
  call(inputs: tf.Tensor2D): { weights: tf.Tensor; logits: tf.Tensor2D };
  data(numSamples: number, answer: number, random: Random): Data;
  size: number;
  epochs: number;
  learningRate: number;
}

function dense(random: Random): Model {
  const model = chapter1.buildModel(STEPS, random);
  return {
    layers: model,
    call: (inputs) => chapter1.callModel(model, inputs),
    data: (numSamples, answer, random) =>
      chapter1.getData(numSamples, { inputDim: STEPS, attentionColumn: answer, signed: false }, random),
    size: 5000,
    epochs: 20,
    learningRate: 0.001,
  };
}

function recurrent(place: chapter2.Place, cell: CellName, epochs: number, random: Random): Model {
  const model = chapter2.buildModel(place, cell, 1, random);
  return {
    layers: model,
    call: (inputs) => chapter2.callModel(model, place, cell, tf.reshape(inputs, [inputs.shape[0], STEPS, 1])),
    data: (numSamples, answer, random) => chapter2.getData(numSamples, 1, answer, random),
    size: 4096,
    epochs,
    learningRate: 0.01,
  };
}

const models: Record<string, (random: Random) => Model> = {
  dense,
  "before LSTM": (random) => recurrent("before", "LSTM", 5, random),
  "after LSTM": (random) => recurrent("after", "LSTM", 3, random),
  "after SimpleRNN": (random) => recurrent("after", "SimpleRNN", 3, random),
};

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** How far the probability moves, on average, when a step comes from another sample. */
export function effects(call: Model["call"], x: Float32Array, donors: number): number[] {
  const samples = x.length / STEPS;
  const probabilities = (inputs: Float32Array): Float32Array =>
    tf.tidy(() => call(tf.tensor2d(inputs, [inputs.length / STEPS, STEPS])).logits.dataSync<"float32">().map(sigmoid));
  const usual = probabilities(x);
  return Array.from({ length: STEPS }, (_, step) => {
    const changed = new Float32Array(donors * x.length);
    for (let donor = 0; donor < donors; donor++) {
      changed.set(x, donor * x.length);
      for (let sample = 0; sample < samples; sample++) {
        const other = (sample + donor + 1) % samples;
        changed[donor * x.length + sample * STEPS + step] = x[other * STEPS + step];
      }
    }
    const moved = probabilities(changed).map((probability, i) => Math.abs(probability - usual[i % samples]));
    return moved.reduce((sum, distance) => sum + distance, 0) / moved.length;
  });
}

/** The mean attention weight of each step, over samples and, after a recurrent layer, over units. */
function meanWeights(weights: tf.Tensor): number[] {
  const [samples, , units = 1] = weights.shape;
  const sums = tf.sum(tf.sum(tf.reshape(weights, [samples, STEPS, units]), 2), 0);
  return Array.from(sums.dataSync(), (sum) => sum / (samples * units));
}

function verdict(largestWeight: number, largestEffect: number, answer: number) {
  const found = largestWeight === largestEffect && largestEffect === answer;
  const effect = largestWeight === largestEffect ? "and so is the largest effect" : `the largest effect on step ${largestEffect}`;
  return { found, sentence: `The largest weight is on step ${largestWeight}, ${effect}: ${found ? "found" : "not found"}.` };
}

export function explanationLab(settings: Settings): Experiment {
  const answer = Number(settings.attention_step);
  const random = seededRandom(Number(settings.seed));
  const model = models[String(settings.model)](random);
  const test = model.data(NUM_HELD_OUT, answer, random);
  const heldOut = { x: tf.tensor2d(test.x, [NUM_HELD_OUT, STEPS]) };
  const samples = model.data(model.size, answer, random);

  function findings([losses]: number[][]): Findings {
    const { weights, accuracy } = tf.tidy(() => {
      const { weights, logits } = model.call(heldOut.x);
      return { weights: meanWeights(weights), accuracy: binaryAccuracy(test.y, logits) };
    });
    const trained = losses.length > model.epochs;
    const effect = trained ? effects(model.call, test.x, DONORS) : effects(model.call, test.x.subarray(0, NUM_GLANCED * STEPS), 1);
    const { found, sentence } = verdict(indexOfLargest(weights), indexOfLargest(effect), answer);
    const view = (ablated: number): Findings => ({
      picture: {
        kind: "bars",
        title: "Weight of a step, and effect of ablating it, held-out samples",
        position: "step",
        answer,
        panels: [
          { title: "weight", weights },
          { title: "effect", weights: effect },
        ],
        picked: { position: ablated, control: "ablate" },
      },
      found,
      verdict:
        (ablated === answer
          ? `Ablating the answer, step ${answer}, changes the prediction by ${fixed(effect[answer])}. `
          : `Ablating step ${ablated} changes the prediction by ${fixed(effect[ablated])}, ` +
            `ablating the answer, step ${answer}, by ${fixed(effect[answer])}. `) + sentence,
      metrics: [
        { label: "Held-out accuracy", value: fixed(accuracy) },
        { label: `Weight of step ${ablated}`, value: fixed(weights[ablated]) },
      ],
    });
    const views = Array.from({ length: STEPS }, (_, step) => view(step));
    return { ...views[0], views: { control: "ablate", of: views } };
  }

  const training: Training = {
    optimizer: new Adam(model.layers, model.learningRate),
    batches: splitIntoBatches(samples.x, samples.y, BATCH_SIZE),
    loss: ({ x, y }) => binaryCrossentropy(y as tf.Tensor2D, model.call(x as tf.Tensor2D).logits),
  };
  return { trainings: [training], heldOut, epochs: model.epochs, findings };
}
