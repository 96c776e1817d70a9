/** Sequences of letters or words: the stronger a token's ground, the larger its weight. */
import type { TokensPicture, TokensSample } from "../../shared/pictures";
import { fixed, indexOfLargest } from "../../shared/numbers";
import { html } from "../html";
import { numberOf, type Built, type Drawing } from "./drawing";
import { colourScale } from "./scale";

export const tokens: Drawing<TokensPicture> = {
  layout: ({ title, answerName, samples }) => [title, answerName, samples.map(({ tokens, answer }) => [tokens, answer])],
  build,
  describe,
  onAnswer: ({ answerName, samples }) => ({
    of: `Mean weight on the ${answerName} of ${samples.length} samples:`,
    weight: samples.reduce((sum, { weights, answer }) => sum + weights[answer], 0) / samples.length,
  }),
  read({ answerName, samples }, row, column) {
    const { tokens, weights, answer } = samples[row];
    const token = tokens[column] === null ? "padding" : `“${tokens[column]}”${column === answer ? `, the ${answerName}` : ""}`;
    return `sample ${row}, step ${column} (${token}): ${numberOf(column, weights)}`;
  },
  table,
  // Each seed has samples of its own.
  overSeeds: (pictures) => ({
    ...pictures[0],
    title: "Attention weights, one held-out sample of each seed",
    samples: pictures.map(({ samples }) => samples[0]),
  }),
};

function build(picture: TokensPicture): Built<TokensPicture> {
  const rows = picture.samples.map(buildRow);
  const nodes = [
    html("p", { class: "lab-caption" }, picture.title),
    html(
      "div",
      { class: "lab-samples" },
      html("span", { class: "lab-answer-title" }, `on ${picture.answerName}`),
      ...rows.flatMap(({ nodes }) => nodes),
    ),
    html(
      "div",
      { class: "lab-legend" },
      html("span", { class: "lab-token lab-answer-token" }),
      `the ${picture.answerName}`,
      html("span", { class: "lab-token lab-padding" }),
      "padding",
      // Of all weights, so that one that grows can be seen to grow.
      colourScale("1"),
    ),
  ];
  function update({ samples }: TokensPicture) {
    rows.forEach((row, i) => row.update(samples[i]));
  }
  return { nodes, marks: rows.map(({ boxes }) => boxes), update };
}

function buildRow({ tokens, answer }: TokensSample) {
  const boxes = tokens.map((token, i) => {
    const kind = token === null ? " lab-padding" : i === answer ? " lab-answer-token" : "";
    return html("span", { class: `lab-token${kind}` }, token ?? "");
  });
  const onAnswer = html("span", { class: "lab-on-answers" });
  return {
    boxes,
    nodes: [html("div", { class: "lab-tokens" }, ...boxes), onAnswer],
    update({ weights }: TokensSample) {
      boxes.forEach((box, i) => box.style.setProperty("--lab-weight-here", weights[i].toFixed(3)));
      onAnswer.textContent = fixed(weights[answer]);
    },
  };
}

/** The share of a sample's weight that lies on padding. */
const onPadding = ({ tokens, weights }: TokensSample) =>
  weights.reduce((sum, weight, i) => sum + (tokens[i] === null ? weight : 0), 0);

function describe({ title, answerName, samples }: TokensPicture): string {
  const lines = samples.map((sample, i) => {
    const { tokens, weights, answer } = sample;
    const largest = indexOfLargest(weights);
    const where = largest === answer ? "" : `, the largest, ${fixed(weights[largest])}, is on ${tokens[largest] ?? "padding"}`;
    return `sample ${i}: ${fixed(weights[answer])} on the ${answerName} ${tokens[answer]}${where}, ${fixed(onPadding(sample))} on padding`;
  });
  return `${title}. ${lines.join("; ")}.`;
}

function table({ samples }: TokensPicture) {
  return {
    head: ["step", ...samples.map((_, i) => `sample ${i}`)],
    rows: samples[0].tokens.map((_, step) => ({
      name: String(step),
      cells: samples.map(({ tokens, weights, answer }) => ({
        text: `${tokens[step] ?? "padding"} ${weights[step].toFixed(3)}${step === answer ? " (answer)" : ""}`,
        isAnswer: step === answer,
      })),
    })),
  };
}
