/** One lab on the page: its parts, and what each touch of it does. */
import { isLookedInto } from "../shared/lab_files";
import type { Findings, Handed, Progress } from "../shared/messages";
import { fixed } from "../shared/numbers";
import { follow, fromHash, toHash } from "./address";
import { button, copyLink, toggle } from "./buttons";
import { controlPanel, defaultSettings, type Control, type ControlPanel } from "./controls/panel";
import { html } from "./html";
import { insideView } from "./inside";
import { noticeView } from "./notice";
import { PICKED, type Picked } from "./pictures/drawing";
import { pinsView } from "./pins";
import { sourceView } from "./source";
import { stageView } from "./stage";
import { startWhenSeen } from "./starting";
import { stickWhereItFits } from "./sticking";
import { Trainer } from "./trainer";

/**
 * `data-state` of the element, beside `data-settings`, the hash of what it trains or has trained, and
 * `data-found`: for the style sheet and the tests.
 */
type State = "waiting" | "training" | "done" | "failed";

/** The event by which labs know which of them a reader moved last. */
const TOUCHED = "lab-touched";

interface Report {
  progress: Progress;
  findings: Findings;
}

export class LabView {
  private readonly lab: string;
  private readonly trainer: Trainer;
  private readonly panel: ControlPanel;
  private readonly stage = stageView();
  private readonly pins = pinsView();
  private readonly inside: ReturnType<typeof insideView>;
  private readonly notice: ReturnType<typeof noticeView>;
  private readonly staticPicture: HTMLElement;
  private readonly numbers: HTMLElement;
  private readonly leaving = new AbortController();

  /** What the worker reported last. */
  private latest: Report | null = null;
  /** What is to be drawn in the next frame. */
  private next: Report | null = null;
  /** Whether a reader moved something here last, of all labs and links: the address then follows, at the end of a training. */
  private isTouchedLast = false;
  /** Whether the notice says that nothing is heard. */
  private isSilent = false;

  constructor(
    private readonly element: HTMLElement,
    private readonly controls: Control[],
    handed: Handed,
  ) {
    this.lab = element.getAttribute("lab") ?? "";
    // Two labs on a page need different ids for their inputs.
    const id = `lab-${this.lab}-${[...document.querySelectorAll("attention-lab")].indexOf(element)}`;
    this.trainer = new Trainer(this.lab, handed, {
      progress: (progress, findings) => this.show({ progress, findings }),
      inside: (seen) => this.inside.show(seen),
      failed: (message) => this.fail(message),
      silent: (message) => this.wait(message),
      slow: (why) => this.notice.say(`The lab computes without its fast kernels, and so takes longer: ${why}.`),
    });
    this.inside = insideView(`${id}-inside`, (look) => this.trainer.look(look));
    this.panel = controlPanel(controls, id, (name) => this.changed(name));
    this.panel.set(defaultSettings(controls));
    this.notice = noticeView(element);
    this.numbers = html("div", { class: "lab-numbers", hidden: true, tabindex: 0, role: "region", "aria-label": "The numbers" });
    this.numbers.id = `${id}-numbers`;
    this.staticPicture = html("div", { class: "lab-static" }, ...element.childNodes);
    const { stage, notice, panel, numbers } = this;
    // On a phone the picture sticks within this part, while the controls pass below it.
    const desk = html("div", { class: "lab-desk" }, ...stage.nodes, notice.node, panel.node);
    const parts = [this.buttons(), this.inside.node, this.pins.node, numbers, sourceView(this.lab, `${id}-file`)];
    element.append(this.staticPicture, desk, ...parts);
    stickWhereItFits(desk, this.leaving.signal);
    this.setState("waiting");
    this.listen();
    this.openLink(location.hash);
  }

  remove(): void {
    this.leaving.abort();
    this.trainer.stop();
  }

  private listen(): void {
    const { signal } = this.leaving;
    this.element.addEventListener(PICKED, (event) => this.pick((event as CustomEvent<Picked>).detail), { signal });
    // Not the address of now: another lab's may have taken its place by the time this is heard.
    window.addEventListener("hashchange", ({ newURL }) => this.openLink(new URL(newURL).hash), { signal });
    window.addEventListener(TOUCHED, (event) => (this.isTouchedLast = (event as CustomEvent).detail === this.element), { signal });
    startWhenSeen(this.element, signal, {
      begin: () => this.state() === "waiting" && this.train(),
      setInSight: (inSight) => this.trainer.setPaused(!inSight),
      say: (sentence) => this.notice.say(sentence),
    });
  }

  /** Takes the settings from an address, if it names this lab. */
  private openLink(hash: string): void {
    this.isTouchedLast = false;
    const linked = fromHash(hash, this.lab, this.controls);
    if (!linked) return;
    this.panel.set(linked.settings);
    this.element.scrollIntoView({ block: "start" });
    // Waiting labs train once they are in view, which this one is about to be.
    if (this.state() !== "waiting") this.retrain();
    if (linked.refused.length > 0) this.notice.say(linked.refused.join(" "));
  }

  /** What a click on the picture asks for is what its control does. */
  private pick({ control, position }: Picked): void {
    this.panel.set({ ...this.panel.settings(), [control]: position });
    this.changed(control);
  }

  private changed(name: string): void {
    this.touched();
    if (this.latest?.findings.views?.control !== name) return this.retrain();
    this.notice.say("");
    this.element.dataset.settings = toHash(this.lab, this.panel.settings());
    this.show(this.latest);
  }

  private touched(): void {
    window.dispatchEvent(new CustomEvent(TOUCHED, { detail: this.element }));
  }

  private train(): void {
    // What the training before this one still wanted to draw would pass for this one's.
    this.next = this.latest = null;
    this.isSilent = false;
    this.setState("training");
    this.stage.start();
    this.inside.wait();
    const settings = this.panel.settings();
    this.element.dataset.settings = toHash(this.lab, settings);
    this.trainer.train(settings);
  }

  /** After a touch: what was said about an older state no longer holds. */
  private retrain(): void {
    this.notice.say("");
    this.train();
  }

  /** Draws at most once a frame, and always the newest. */
  private show(report: Report): void {
    if (this.isSilent) this.notice.say("");
    this.isSilent = false;
    const waiting = this.next !== null;
    this.next = this.latest = report;
    if (!waiting) requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    if (!this.next) return;
    const { progress } = this.next;
    const findings = this.chosen(this.next.findings);
    this.next = null;
    this.staticPicture.hidden = true;
    this.stage.draw(progress, findings);
    this.mark(findings);
    if (!progress.finished) return;
    this.stage.announce(findings);
    this.fillNumbers();
    this.pins.compare(this.stage.onAnswer());
    this.setState("done");
    this.inside.settle();
    this.followAddress();
  }

  /** So that a reload, or the address itself sent to somebody, shows what is shown now. */
  private followAddress(): void {
    if (this.isTouchedLast && this.element.dataset.settings) follow(this.element.dataset.settings);
  }

  /** As the notebook marks its saved element. */
  private mark({ found, margin }: Findings): void {
    for (const [name, value] of Object.entries({ found, margin })) {
      if (value === null) delete this.element.dataset[name];
      else this.element.dataset[name] = typeof value === "number" ? fixed(value) : String(value);
    }
  }

  private chosen(findings: Findings): Findings {
    const { views } = findings;
    return views ? views.of[Number(this.panel.settings()[views.control])] : findings;
  }

  private fail(message: string): void {
    this.next = this.latest = null;
    this.setState("failed");
    this.notice.say(`The training stopped: ${message}.`, this.tryAgain());
  }

  /** It may yet be heard of, and then all is well. */
  private wait(message: string): void {
    this.isSilent = true;
    this.notice.say(`Still waiting: ${message}.`, this.tryAgain());
  }

  private tryAgain(): HTMLButtonElement {
    return button("Try again", () => {
      this.trainer.stop();
      this.retrain();
    });
  }

  private buttons(): HTMLElement {
    const settle = (settings: ReturnType<ControlPanel["settings"]>) => {
      this.touched();
      this.panel.set(settings);
      this.retrain();
    };
    const row = html("div", { class: "lab-buttons" });
    row.append(button("Reset", () => settle(defaultSettings(this.controls))));
    const seed = this.controls.find(({ name }) => name === "seed");
    if (seed?.kind === "integer") {
      const nextSeed = (value: number) => (value + seed.step > seed.max ? seed.min : value + seed.step);
      row.append(
        button("Another seed", () => {
          const settings = this.panel.settings();
          settle({ ...settings, seed: nextSeed(Number(settings.seed)) });
        }),
      );
    }
    row.append(button("Pin this run", () => this.pin()));
    row.append(button("Copy link", () => void copyLink(this.link(), this.notice.say)));
    if (isLookedInto(this.lab)) row.append(toggle("Look inside", this.inside.node, this.inside.open));
    row.append(toggle("The numbers", this.numbers, () => this.fillNumbers()));
    const colab = this.element.getAttribute("colab");
    if (colab) row.append(html("a", { href: colab, target: "_blank", rel: "noopener" }, "Run in Colab"));
    return row;
  }

  /** Keeps what is shown, for the next runs to be held against. */
  private pin(): void {
    const settings = this.panel.settings();
    const moved = this.controls.filter(({ name, value }) => settings[name] !== value);
    const words = moved.map(({ name, label }) => `${label} ${settings[name]}`).join(", ") || "the settings as they come";
    const run = this.state() === "done" ? this.stage.run(words) : null;
    this.notice.say((run ? this.pins.pin(run) : "A run can be pinned once it has ended.") ?? "");
    this.pins.compare(this.stage.onAnswer());
  }

  private fillNumbers(): void {
    if (!this.numbers.hidden) this.numbers.replaceChildren(this.stage.numbers());
  }

  /** The link opens the chapter's page, wherever this lab is shown. */
  private link(): string {
    const notebook = this.element.getAttribute("notebook");
    const link = new URL(notebook ? `${notebook}.html` : location.href, location.href);
    link.hash = toHash(this.lab, this.panel.settings());
    return link.href;
  }

  private state = (): State => this.element.dataset.state as State;

  private setState(state: State): void {
    this.element.dataset.state = state;
    this.stage.setBusy(state === "training");
  }
}
