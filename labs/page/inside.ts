/** "Look inside": one held-out sample on its way through the attention, a column a position, every sum written out. */
import { told, type Look, type Row, type Seen } from "../shared/mechanism";
import { seededRandom } from "../shared/random";
import { button } from "./buttons";
import { controlPanel, defaultSettings, type Control, type ControlPanel } from "./controls/panel";
import { html } from "./html";
import { readingView } from "./reading";

const WAITING = "A sample is shown here once the training has ended.";
const WORDS = { hint: "Point at a number to see how it is made.", label: "Single numbers: read their sums with the arrow keys" };

/** `ask` brings an answer to `show`, unless a training has begun since. */
export function insideView(id: string, ask: (look: Look) => void) {
  const about = html("p", { class: "lab-inside-about" }, WAITING);
  const table = html("div", { class: "lab-inside-table", tabindex: 0, role: "region", "aria-label": "The sample, row by row" });
  const reading = readingView(table, WORDS);
  const outcome = html("p", { class: "lab-inside-outcome", "aria-live": "polite" });
  const controls = html("div");
  const content = html("div", { class: "lab-inside-content" }, reading.node, outcome, controls);
  const node = html("div", { class: "lab-inside", id, hidden: true, role: "group", "aria-label": "Look inside" });

  const random = seededRandom(0);
  const look: Look = { sample: 0, replaced: {}, chosen: {} };
  let isSettled = false;
  /** Which training it is from, where that must be said. */
  let origin = "";
  let seen: Seen | null = null;
  /** The position whose input a reader may replace: at first one that holds the answer. */
  let position: number | null = null;
  let panel: ControlPanel | null = null;
  let layout = "";

  function showSample(sample: number): void {
    look.sample = sample;
    look.replaced = {};
    askIfOpen();
  }

  function askIfOpen(): void {
    if (isSettled && !node.hidden) ask(structuredClone(look));
  }

  function drawControls({ choices, replaceable, ...drawn }: Seen): void {
    const [answer = 0] = drawn.answers;
    const several = choices.filter(({ min, max }) => max > min);
    const wanted: Control[] = several.map((choice) => ({ kind: "integer", step: 1, ...choice }));
    if (replaceable) {
      const { values, label } = replaceable;
      position = Math.min(position ?? answer, values.length - 1);
      const own = { name: "value", label: `its ${label}` };
      wanted.push(
        { kind: "integer", name: "position", label: `${drawn.position} to change`, min: 0, max: values.length - 1, step: 1, value: position },
        "words" in replaceable
          ? { kind: "choice", ...own, choices: replaceable.words, value: replaceable.words[values[position]] }
          : { kind: "number", ...own, min: replaceable.min, max: replaceable.max, step: replaceable.step, value: values[position] },
      );
    }
    const needed = JSON.stringify(wanted, (key, value: unknown) => (key === "value" ? undefined : value));
    if (!panel || needed !== layout) {
      panel = controlPanel(wanted, id, changed);
      controls.replaceChildren(...(wanted.length > 0 ? [panel.node] : []));
      layout = needed;
    }
    panel.set(defaultSettings(wanted));
  }

  function changed(name: string): void {
    const settings = panel?.settings();
    if (!settings || !seen) return;
    if (name === "position") return goTo(Number(settings.position));
    if (name === "value") {
      const { replaceable } = seen;
      const isWord = replaceable && "words" in replaceable;
      look.replaced[Number(settings.position)] = isWord ? replaceable.words.indexOf(String(settings.value)) : Number(settings.value);
    } else {
      look.chosen[name] = Number(settings[name]);
    }
    askIfOpen();
  }

  function goTo(column: number): void {
    position = column;
    if (seen) drawControls(seen);
  }

  /** Where the drawing is wider than its place, the answer is in its middle. */
  function reveal({ offsetLeft, offsetWidth }: HTMLElement): void {
    table.scrollLeft = offsetLeft + offsetWidth / 2 - table.clientWidth / 2;
  }

  // A click says which input is to be replaced.
  table.addEventListener("click", ({ target }) => {
    const cell = target instanceof Element ? target.closest("td") : null;
    const column = cell ? cell.cellIndex - 1 : -1;
    if (seen?.replaceable && column >= 0 && column < seen.replaceable.values.length) goTo(column);
  });

  return {
    node,

    /** A part that nobody opens leaves nothing on the page. */
    open(): void {
      if (!node.hasChildNodes()) {
        const next = button("Next sample", () => showSample(look.sample + 1));
        const another = button("Another sample", () => showSample(Math.floor(random.uniform() * 2 ** 31)));
        node.append(html("div", { class: "lab-inside-head" }, about, next, another), content);
      }
      askIfOpen();
    },

    /** A training begins: what is shown is no longer so. Its place is kept. */
    wait(): void {
      isSettled = false;
      look.replaced = {};
      about.textContent = WAITING;
      content.style.visibility = "hidden";
    },

    /** The training has ended. */
    settle(from: string): void {
      isSettled = true;
      origin = from;
      askIfOpen();
    },

    show(answer: Seen): void {
      if (!isSettled) return;
      const isChanged = Object.keys(look.replaced).length > 0;
      about.textContent = `Held-out sample ${answer.sample} of ${answer.count}${origin}${isChanged ? ", changed by you" : ""}.`;
      const drawn = drawTable(answer);
      const areElsewhere = String(answer.answers) !== String(seen?.answers);
      seen = answer;
      table.replaceChildren(drawn.node);
      if (areElsewhere) reveal(drawn.nodes[0][answer.answers[0]]);
      reading.use(drawn);
      outcome.textContent = `${seen.prediction} ${seen.target}${isChanged ? " That is the target of the sample as it was." : ""}`;
      drawControls(seen);
      content.style.visibility = "";
    },
  };
}

function drawTable({ position, answers, rows }: Seen) {
  const names = rows[0].cells.map((_, column) => String(column));
  const isAnswer = (column: number) => answers.includes(column);
  const marked = (column: number): Record<string, string> => (isAnswer(column) ? { class: "lab-answer" } : {});
  const cells = rows.map((row) => [
    ...row.cells.map((cell, column) => tinted(html("td", marked(column), shown(cell)), row, cell)),
    ...(row.total ? [html("td", { class: "lab-inside-total" }, shown(row.total.cell))] : []),
  ]);
  const head = names.map((name, column) =>
    html("th", { scope: "col", ...marked(column) }, name, ...(isAnswer(column) ? [html("span", {}, "answer")] : [])),
  );
  const node = html(
    "table",
    {},
    html("thead", {}, html("tr", {}, html("th", { scope: "col" }, position), ...head, html("th", { scope: "col" }, "sum"))),
    html("tbody", {}, ...rows.map(({ name }, row) => html("tr", {}, html("th", { scope: "row" }, name), ...cells[row]))),
  );
  function read(row: number, column: number): string {
    const { name, sums, total } = rows[row];
    if (column === sums.length) return `${name}: ${total?.sum}`;
    return `${name}, ${position} ${names[column]}${isAnswer(column) ? " (the answer)" : ""}: ${sums[column]}`;
  }
  return { node, nodes: cells, read };
}

const shown = (cell: number | string): string => (typeof cell === "number" ? told(cell, 2) : cell);

function tinted(node: HTMLElement, { areShares }: Row, cell: number | string): HTMLElement {
  if (areShares) node.style.setProperty("--lab-weight-here", Number(cell).toFixed(3));
  return node;
}
