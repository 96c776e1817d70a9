/** What one lab looks like on the page, and what each touch of it does. */
import { controlPanel, type ControlPanel } from "./controls";
import { curveView } from "./curve";
import { html } from "./html";
import type { Findings, Given, Picture, Progress } from "./messages";
import { numbersTable, PICKED, pictureView, type Picked } from "./picture";
import { sourceView } from "./source";
import { defaultSettings, fromHash, toHash, type Control } from "./state";
import { Trainer } from "./trainer";

/**
 * `data-state` of the element, beside `data-settings`, the hash of what it trains or has trained:
 * for the style sheet and the tests.
 */
type State = "waiting" | "training" | "done" | "failed";

export class LabView {
  private readonly lab: string;
  private readonly trainer: Trainer;
  private readonly panel: ControlPanel;
  private readonly leaving = new AbortController();

  private readonly staticPicture: HTMLElement;
  private readonly picture = pictureView();
  private readonly curve = curveView();
  private readonly progressBar = html("progress", { "aria-label": "Training progress", value: 0, max: 1 });
  private readonly progressText = html("span", { class: "lab-progress-text" });
  private readonly metrics = html("div", { class: "lab-metrics" });
  private readonly verdict = html("p", { class: "lab-verdict" });
  /** Reads out the last verdict only: the visible one changes with every epoch. */
  private readonly announcement = html("p", { class: "lab-only-heard", "aria-live": "polite" });
  /** Never hidden: what it says is read out only if it was there before. */
  private readonly notice = html("div", { class: "lab-notice", role: "status" });
  private readonly numbers = html("div", { class: "lab-numbers", hidden: true, tabindex: 0, role: "region", "aria-label": "The numbers" });
  private readonly stage: HTMLElement;

  private drawn: Picture | null = null;
  /** What the worker reported last. */
  private latest: { progress: Progress; findings: Findings } | null = null;
  /** What is to be drawn in the next frame. */
  private next: { progress: Progress; findings: Findings } | null = null;

  constructor(
    private readonly element: HTMLElement,
    private readonly controls: Control[],
    given: Given,
  ) {
    this.lab = element.getAttribute("lab") ?? "";
    // Two labs on a page need different ids for their inputs.
    const id = `lab-${this.lab}-${[...document.querySelectorAll("attention-lab")].indexOf(element)}`;
    this.trainer = new Trainer(this.lab, given, {
      progress: (progress, findings) => this.show(progress, findings),
      failed: (message) => this.fail(message),
    });
    this.panel = controlPanel(controls, id, (name) => this.changed(name));
    this.panel.set(defaultSettings(controls));

    this.staticPicture = html("div", { class: "lab-static" }, ...element.childNodes);
    const status = html(
      "div",
      { class: "lab-status" },
      this.curve.node,
      html("div", {}, this.metrics, this.progressText, this.progressBar),
    );
    this.stage = html("div", { class: "lab-stage", hidden: true }, this.picture.node, status, this.verdict);
    this.numbers.id = `${id}-numbers`;
    element.append(
      this.staticPicture,
      this.stage,
      this.announcement,
      this.notice,
      this.panel.node,
      this.buttons(),
      this.numbers,
      sourceView(this.lab),
    );
    this.setState("waiting");
    this.listen();
    this.openLink();
  }

  remove(): void {
    this.leaving.abort();
    this.trainer.stop();
  }

  private listen(): void {
    const { signal } = this.leaving;
    this.picture.node.addEventListener(PICKED, (event) => this.pick((event as CustomEvent<Picked>).detail), { signal });
    const pauseWhenHidden = () => this.trainer.setPaused(document.hidden);
    pauseWhenHidden();
    document.addEventListener("visibilitychange", pauseWhenHidden, { signal });
    window.addEventListener("hashchange", () => this.openLink(), { signal });

    if (savesData()) {
      this.say("Data saver is on: the lab loads and trains when you first touch it.");
      const begin = () => this.state() === "waiting" && this.retrain();
      this.element.addEventListener("pointerdown", begin, { signal });
      return;
    }
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      if (this.state() === "waiting") this.train();
    });
    observer.observe(this.staticPicture);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  /** Takes the settings from the address, if it names this lab. */
  private openLink(): void {
    const linked = fromHash(location.hash, this.lab, this.controls);
    if (!linked) return;
    this.panel.set(linked.settings);
    this.element.scrollIntoView({ block: "start" });
    // Waiting labs train once they are in view, which this one is about to be.
    if (this.state() !== "waiting") this.retrain();
    if (linked.refused.length > 0) this.say(linked.refused.join(" "));
  }

  /** What a click on the picture asks for is what its control does. */
  private pick({ control, position }: Picked): void {
    this.panel.set({ ...this.panel.settings(), [control]: position });
    this.changed(control);
  }

  private changed(name: string): void {
    if (this.latest?.findings.views?.control !== name) return this.retrain();
    this.say("");
    this.element.dataset.settings = toHash(this.lab, this.panel.settings());
    this.show(this.latest.progress, this.latest.findings);
  }

  private train(): void {
    // What the training before this one still wanted to draw would pass for this one's.
    this.next = this.latest = null;
    this.setState("training");
    this.progressText.textContent = "starting …";
    this.progressBar.removeAttribute("value");
    const settings = this.panel.settings();
    this.element.dataset.settings = toHash(this.lab, settings);
    this.trainer.train(settings);
  }

  /** After a touch: what was said about an older state no longer holds. */
  private retrain(): void {
    this.say("");
    this.train();
  }

  /** Draws at most once a frame, and always the newest. */
  private show(progress: Progress, findings: Findings): void {
    const waiting = this.next !== null;
    this.next = this.latest = { progress, findings };
    if (!waiting) requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    if (!this.next) return;
    const { progress } = this.next;
    const findings = this.chosen(this.next.findings);
    this.next = null;
    this.staticPicture.hidden = true;
    this.stage.hidden = false;
    this.drawn = findings.picture;
    if (findings.picture) this.picture.draw(findings.picture);
    // Its place is kept: while a date is typed, the field stays where it is.
    this.picture.node.style.visibility = findings.picture ? "" : "hidden";
    // A picture of trainings has the losses in it.
    this.curve.node.hidden = progress.epochs === 0 || findings.picture?.kind === "trainings";
    if (!this.curve.node.hidden) this.curve.draw(progress);
    this.verdict.textContent = findings.verdict;
    this.verdict.dataset.found = String(findings.found);
    this.metrics.replaceChildren(
      ...findings.metrics.map(({ label, value }) => html("p", {}, html("span", {}, label), " ", html("span", {}, value))),
    );
    this.progressBar.hidden = progress.epochs === 0;
    this.progressBar.max = progress.epochs;
    this.progressBar.value = progress.losses.length - 1;
    this.progressText.textContent = `epoch ${progress.epoch} of ${progress.epochs}`;
    if (progress.finished) this.finish(progress, findings);
  }

  private chosen(findings: Findings): Findings {
    const { views } = findings;
    return views ? views.of[Number(this.panel.settings()[views.control])] : findings;
  }

  private finish({ epochs, seconds }: Progress, { verdict, metrics }: Findings): void {
    const count = epochs === 1 ? "1 epoch" : `${epochs} epochs`;
    this.progressText.textContent = epochs === 0 ? "" : `${count} in ${seconds.toFixed(1)} s`;
    this.announcement.textContent = [verdict, ...metrics.map(({ label, value }) => `${label} ${value}.`)].join(" ");
    this.fillNumbers();
    this.setState("done");
  }

  private fail(message: string): void {
    this.next = this.latest = null;
    this.setState("failed");
    const again = html("button", { type: "button" }, "Try again");
    again.addEventListener("click", () => this.retrain());
    this.say(`The training stopped: ${message}.`, again);
  }

  private buttons(): HTMLElement {
    const reset = button("Reset", () => {
      this.panel.set(defaultSettings(this.controls));
      this.retrain();
    });
    const row = html("div", { class: "lab-buttons" }, reset);
    const seed = this.controls.find(({ name }) => name === "seed");
    if (seed?.kind === "integer") {
      const anotherSeed = () => {
        const settings = this.panel.settings();
        const next = Number(settings.seed) + 1;
        this.panel.set({ ...settings, seed: next > seed.max ? seed.min : next });
        this.retrain();
      };
      row.append(button("Another seed", anotherSeed));
    }
    row.append(button("Copy link", () => void this.copyLink()));

    const numbers = button("The numbers", () => {
      this.numbers.hidden = !this.numbers.hidden;
      numbers.setAttribute("aria-expanded", String(!this.numbers.hidden));
      this.fillNumbers();
    });
    numbers.setAttribute("aria-expanded", "false");
    numbers.setAttribute("aria-controls", this.numbers.id);
    row.append(numbers);

    const colab = this.element.getAttribute("colab");
    if (colab) row.append(html("a", { href: colab, target: "_blank", rel: "noopener" }, "Run in Colab"));
    return row;
  }

  private fillNumbers(): void {
    if (this.numbers.hidden) return;
    this.numbers.replaceChildren(this.drawn ? numbersTable(this.drawn) : "There are no numbers yet.");
  }

  /** The link opens the chapter's page, wherever this lab is shown. */
  private async copyLink(): Promise<void> {
    const notebook = this.element.getAttribute("notebook");
    const link = new URL(notebook ? `${notebook}.html` : location.href, location.href);
    link.hash = toHash(this.lab, this.panel.settings());
    try {
      await navigator.clipboard.writeText(link.href);
      this.say("Copied: the link opens this lab with these settings.");
    } catch {
      const field = html("input", { type: "text", readonly: true, "aria-label": "Link to these settings", value: link.href });
      this.say("The browser keeps its clipboard closed; here is the link:", field);
      field.select();
    }
  }

  private say(sentence: string, ...more: Node[]): void {
    // What is taken away must not take the keyboard's place on the page with it.
    if (this.notice.contains(document.activeElement)) {
      this.element.tabIndex = -1;
      this.element.focus({ preventScroll: true });
    }
    this.notice.replaceChildren(sentence, ...more);
  }

  private state = (): State => this.element.dataset.state as State;

  private setState(state: State): void {
    this.element.dataset.state = state;
    this.picture.node.setAttribute("aria-busy", String(state === "training"));
  }
}

function button(text: string, onClick: () => void): HTMLButtonElement {
  const node = html("button", { type: "button" }, text);
  node.addEventListener("click", onClick);
  return node;
}

function savesData(): boolean {
  const { connection } = navigator as Navigator & { connection?: { saveData?: boolean } };
  return connection?.saveData === true;
}
