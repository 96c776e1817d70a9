/** One lab on the page: its parts, and what each touch of it does. */
import { isLookedInto } from "../shared/lab_files";
import type { Findings, Handed } from "../shared/messages";
import { fixed } from "../shared/numbers";
import type { Settings } from "../shared/settings";
import { follow, fromHash, goTo, inSight, linkWithin, toHash } from "./address";
import { button, toggle } from "./buttons";
import { controlPanel, defaultSettings, inWords, type Control, type ControlPanel } from "./controls/panel";
import { html } from "./html";
import { insideView } from "./inside";
import { noticeView } from "./notice";
import { PICKED, type Picked } from "./pictures/drawing";
import { pinsView } from "./pins";
import { describeProgress } from "./progress";
import { FIVE_SEEDS, overSeeds, runsOf } from "./seeds";
import { sharingButtons } from "./sharing";
import { sourceView } from "./source";
import { stageView } from "./stage";
import { startWhenSeen } from "./starting";
import { stickWhereItFits } from "./sticking";
import { suggestionsView } from "./suggestions";
import { timeView, type Report } from "./time";
import { Trainer } from "./trainer";

/**
 * `data-state` of the element, beside `data-settings`, the hash of what it trains or has trained, and
 * `data-found`: for the style sheet and the tests.
 */
type State = "waiting" | "training" | "done" | "failed";

/** The event by which labs know which of them a reader moved last. */
const TOUCHED = "lab-touched";

export class LabView {
  private readonly lab: string;
  private readonly trainer: Trainer;
  private readonly panel: ControlPanel;
  private readonly stage = stageView();
  private readonly pins = pinsView();
  private readonly inside: ReturnType<typeof insideView>;
  private readonly time: ReturnType<typeof timeView>;
  private readonly timeButton: HTMLButtonElement;
  private readonly suggestions: HTMLElement | null;
  private readonly notice: ReturnType<typeof noticeView>;
  private readonly staticPicture: HTMLElement;
  /** All that is no static picture; it comes with the first picture or notice, so that nothing has to move for that. */
  private readonly whole = html("div", { hidden: true });
  private readonly numbers: HTMLElement;
  private readonly leaving = new AbortController();

  /** What is being trained, one seed after another, and the ends of those that are done. */
  private runs: Settings[] = [];
  private ends: Report[] = [];
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
    private readonly handed: Handed,
  ) {
    this.lab = element.getAttribute("lab") ?? "";
    // Two labs on a page need different ids for their inputs.
    const id = `lab-${this.lab}-${[...document.querySelectorAll("attention-lab")].indexOf(element)}`;
    this.trainer = new Trainer(this.lab, handed, {
      progress: (progress, findings) => this.hear({ progress, findings }),
      inside: (seen) => this.inside.show(seen),
      failed: (message) => this.fail(message),
      silent: (message) => this.wait(message),
      slow: (why) => this.notice.say(`The lab computes without its fast kernels, and so takes longer: ${why}.`),
    });
    this.inside = insideView(`${id}-inside`, (look) => this.trainer.look(look));
    this.panel = controlPanel(controls, id, (name) => this.changed(name));
    this.panel.set(defaultSettings(controls));
    this.panel.showOnly(inSight(location.search, controls));
    this.notice = noticeView(element, () => (this.whole.hidden = false));
    this.numbers = html("div", { class: "lab-numbers", hidden: true, tabindex: 0, role: "region", "aria-label": "The numbers" });
    this.numbers.id = `${id}-numbers`;
    this.staticPicture = html("div", { class: "lab-static" }, ...element.childNodes);
    this.time = timeView(`${id}-time`, () => this.latest && this.show(this.latest));
    this.timeButton = toggle("Step through", this.time.node, () => this.toggleTime());
    this.suggestions = suggestionsView(element.getAttribute("suggestions"), this.lab, `${id}-suggestions`);
    const { stage, time, notice, panel, numbers, suggestions } = this;
    // On a phone the picture sticks within this part, while the controls pass below it.
    const desk = html("div", { class: "lab-desk" }, ...stage.nodes, time.node, ...(suggestions ? [suggestions] : []), notice.node, panel.node);
    const { node: inside } = this.inside;
    this.whole.append(desk, this.buttons(), inside, this.pins.node, numbers, sourceView(this.lab, `${id}-file`));
    element.append(this.staticPicture, this.whole);
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
    document.addEventListener("click", (event) => this.click(event), { signal });
    window.addEventListener(TOUCHED, (event) => (this.isTouchedLast = (event as CustomEvent).detail === this.element), { signal });
    startWhenSeen(this.element, signal, {
      begin: () => this.state() === "waiting" && this.train(),
      setInSight: (inSight) => this.trainer.setPaused(!inSight),
      say: (sentence) => this.notice.say(sentence),
    });
  }

  /** Takes the settings from an address, if it names this lab. `link` is where a reader has clicked for it. */
  private openLink(hash: string, link: HTMLElement | null = null): void {
    this.isTouchedLast = false;
    const linked = fromHash(hash, this.lab, this.controls);
    if (!linked) return;
    const before = this.panel.settings();
    this.panel.set(linked.settings);
    const isFromText = link !== null && !this.element.contains(link);
    // Alone in a frame it is in sight, and the page around it would be scrolled as well.
    const isFramed = window.parent !== window && this.element.closest(".lab-alone") !== null;
    if ((link === null || isFromText) && !isFramed) this.element.scrollIntoView({ block: "start" });
    // Waiting labs train once they are in view, which this one is about to be.
    if (this.state() !== "waiting") this.retrain();
    if (link) this.sayWhatChanged(before, isFromText ? link : null);
    if (linked.refused.length > 0) this.notice.say(linked.refused.join(" "));
  }

  /** A link of the page that sets this lab does so at every click, also where the address has it already. */
  private click(event: MouseEvent): void {
    const link = linkWithin(event);
    if (!link || !fromHash(link.hash, this.lab, this.controls)) return;
    event.preventDefault();
    goTo(link.hash);
    this.openLink(link.hash, link);
  }

  /** With a way back to the text that has sent the reader here. */
  private sayWhatChanged(before: Settings, text: HTMLElement | null): void {
    const settings = this.panel.settings();
    const changed = this.controls.filter(({ name }) => settings[name] !== before[name]);
    const words = changed.map((control) => inWords(control, settings[control.name])).join(", ");
    const sentence = words ? `Set for you: ${words}.` : "The lab has these settings already.";
    if (!text) return this.notice.say(sentence);
    const back = button("Back to the text", () => {
      text.focus({ preventScroll: true });
      text.scrollIntoView({ block: "center" });
    });
    this.notice.say(sentence, back);
    back.focus({ preventScroll: true });
  }

  /** What a click on the picture asks for is what its control does. */
  private pick({ control, position }: Picked): void {
    this.panel.set({ ...this.panel.settings(), [control]: position });
    this.changed(control);
  }

  private changed(name: string): void {
    this.touched();
    if (name === "seed") this.panel.set({ ...this.panel.settings(), [FIVE_SEEDS]: false });
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
    this.time.clear();
    const settings = this.panel.settings();
    this.element.dataset.settings = toHash(this.lab, settings);
    this.runs = runsOf(settings);
    this.ends = [];
    if (this.runs.length > 1 && this.time.isOpen()) this.timeButton.click();
    this.trainer.train(this.runs[0], this.time.isOpen());
  }

  /** After a touch: what was said about an older state no longer holds. */
  private retrain(): void {
    this.notice.say("");
    this.train();
  }

  private hear(report: Report): void {
    if (this.isSilent) this.notice.say("");
    this.isSilent = false;
    this.time.add(report);
    if (this.runs.length === 1) return this.show(report);
    const told = `seed ${this.runs[this.ends.length].seed}, ${describeProgress(report.progress)}`;
    if (report.progress.finished) this.ends.push(report);
    if (this.ends.length === this.runs.length) return this.show(overSeeds(this.ends));
    this.show({ ...report, progress: { ...report.progress, finished: false, told } });
    if (report.progress.finished) this.trainer.train(this.runs[this.ends.length], false);
  }

  /** Draws at most once a frame, and always the newest, or the moment that the reader has gone to. */
  private show(report: Report): void {
    const waiting = this.next !== null;
    this.next = this.latest = report;
    if (!waiting) requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    if (!this.next) return;
    const { progress } = this.next;
    const findings = this.chosen(this.next.findings);
    const picked = this.time.picked();
    this.next = null;
    this.staticPicture.hidden = true;
    this.whole.hidden = false;
    this.stage.draw(picked?.progress ?? progress, picked ? this.chosen(picked.findings) : findings);
    this.mark(findings);
    if (!progress.finished) return;
    this.fillNumbers();
    // Who steps through the training hears of its moments.
    if (!picked || this.state() !== "done") this.finish(findings);
  }

  private finish(findings: Findings): void {
    this.stage.announce(findings);
    this.pins.compare(this.stage.onAnswer());
    this.setState("done");
    // Of several trainings, the last one is still in memory.
    this.inside.settle(this.runs.length > 1 ? `, in the run of seed ${this.runs[this.runs.length - 1].seed}` : "");
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
    if (this.suggestions) row.append(toggle("Try this", this.suggestions, () => {}));
    row.append(button("Reset", () => settle(defaultSettings(this.controls))));
    const seed = this.controls.find(({ name }) => name === "seed");
    if (seed?.kind === "integer" && inSight(location.search, this.controls).includes("seed")) {
      const nextSeed = (value: number) => (value + seed.step > seed.max ? seed.min : value + seed.step);
      row.append(
        button("Another seed", () => {
          const settings = this.panel.settings();
          settle({ ...settings, seed: nextSeed(Number(settings.seed)), [FIVE_SEEDS]: false });
        }),
      );
    }
    row.append(button("Pin this run", () => this.pin()));
    row.append(...sharingButtons(this.element, this.lab, this.panel.settings, this.notice.say));
    if (isLookedInto(this.lab)) row.append(toggle("Look inside", this.inside.node, this.inside.open));
    // A lab that is handed its model trains none.
    if (Object.keys(this.handed.given).length === 0) row.append(this.timeButton);
    row.append(toggle("The numbers", this.numbers, () => this.fillNumbers()));
    const colab = this.element.getAttribute("colab");
    if (colab) row.append(html("a", { href: colab, target: "_blank", rel: "noopener" }, "Run in Colab"));
    return row;
  }

  private toggleTime(): void {
    if (!this.time.isOpen() || this.time.isRecorded()) return this.toEnd();
    // One training at a time can be stepped through.
    this.panel.set({ ...this.panel.settings(), [FIVE_SEEDS]: false });
    this.retrain();
  }

  /** Away from the moment that the reader has gone to. */
  private toEnd(): void {
    this.time.leave();
    this.next = this.latest;
    this.draw();
  }

  /** Keeps the run whose end is shown, for the next runs to be held against. */
  private pin(): void {
    this.toEnd();
    const settings = this.panel.settings();
    const moved = this.controls.filter(({ name, value }) => settings[name] !== value);
    const words = moved.map((control) => inWords(control, settings[control.name])).join(", ") || "the settings as they come";
    const run = this.state() === "done" ? this.stage.run(words) : null;
    this.notice.say((run ? this.pins.pin(run) : "A run can be pinned once it has ended.") ?? "");
    this.pins.compare(this.stage.onAnswer());
  }

  private fillNumbers(): void {
    if (!this.numbers.hidden) this.numbers.replaceChildren(this.stage.numbers());
  }

  private state = (): State => this.element.dataset.state as State;

  private setState(state: State): void {
    this.element.dataset.state = state;
    this.stage.setBusy(state === "training");
  }
}
