/** The number under the finger: what one mark of a picture says, by mouse, finger or arrow keys. */
import { html } from "./html";

/** The marks of a picture, a list a row, and what each says. */
export interface Marks {
  nodes: Element[][];
  read(row: number, column: number): string;
}

type Place = [row: number, column: number];

const STEPS: Record<string, Place> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const OF_WEIGHTS = { hint: "Point at a weight to read it.", label: "Single weights: read them with the arrow keys" };

/** Puts a picture into a group that reads out its marks. The line for it is always there, so that nothing moves. */
export function readingView(picture: HTMLElement, { hint, label } = OF_WEIGHTS) {
  const line = html("p", { class: "lab-reading" }, hint);
  const node = html("div", { class: "lab-reader", role: "group", tabindex: 0, "aria-label": label }, picture, line);
  let marks: Marks = { nodes: [], read: () => "" };
  let places = new Map<Element, Place>();
  let current: Place | null = null;
  let isByKey = false;

  function light(): void {
    for (const element of places.keys()) element.classList.remove("lab-read", "lab-read-line");
    if (!current) return;
    const [row, column] = current;
    const inColumn = marks.nodes.map((nodes) => nodes[column]).filter(Boolean);
    for (const element of [...marks.nodes[row], ...inColumn]) element.classList.add("lab-read-line");
    marks.nodes[row][column].classList.add("lab-read");
  }

  function goTo(place: Place | null): void {
    current = place;
    light();
    tell();
  }

  function tell(): void {
    const words = current ? marks.read(...current) : hint;
    if (line.textContent !== words) line.textContent = words;
  }

  const pointed = ({ target }: Event) => {
    const place = places.get(target as Element);
    if (!place) return;
    isByKey = false;
    goTo(place);
  };
  picture.addEventListener("pointermove", pointed);
  picture.addEventListener("pointerdown", pointed);
  // A finger that lets go has not looked yet: what it touched stays, also while it moves a slider.
  picture.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && goTo(null));
  // Heard while keys move it: at other times a training changes it too often.
  node.addEventListener("focusin", () => line.setAttribute("aria-live", "polite"));
  node.addEventListener("focusout", () => {
    line.removeAttribute("aria-live");
    if (isByKey) goTo(null);
  });
  node.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (event.target !== node || (!step && event.key !== "Escape") || marks.nodes.length === 0) return;
    event.preventDefault();
    isByKey = true;
    goTo(step ? next(step) : null);
    // A picture may be wider than its place.
    if (current) marks.nodes[current[0]][current[1]].scrollIntoView({ block: "nearest", inline: "nearest" });
  });

  function next([down, right]: Place): Place {
    if (!current) return [0, 0];
    const within = (at: number, count: number) => Math.min(count - 1, Math.max(0, at));
    const row = within(current[0] + down, marks.nodes.length);
    return [row, within(current[1] + right, marks.nodes[row].length)];
  }

  return {
    node,
    /** After each drawing: the marks may be others, and say something else. */
    use(drawn: Marks): void {
      const areOthers = drawn.nodes !== marks.nodes;
      marks = drawn;
      if (!areOthers) return tell();
      places = new Map(drawn.nodes.flatMap((nodes, row) => nodes.map((element, column) => [element, [row, column] as Place])));
      goTo(current && drawn.nodes[current[0]]?.[current[1]] ? current : null);
    },
  };
}
