/**
 * <attention-lab lab="dense" controls="[…]">a static picture and a sentence</attention-lab>
 *
 * Puts controls under the picture, trains the lab's model in a worker, and draws what it finds.
 * Whatever fails, the static picture or the last one drawn stays.
 */
import { readControls } from "./controls/panel";
import { readHanded } from "./handed";
import { html } from "./html";
import { LabView } from "./lab_view";
import { withFiveSeeds } from "./seeds";

class AttentionLab extends HTMLElement {
  private staticContent: Node[] = [];
  private view: LabView | null = null;

  connectedCallback(): void {
    this.staticContent = [...this.childNodes];
    try {
      const handed = readHanded(this.getAttribute("constants"), this.getAttribute("given"));
      this.view = new LabView(this, withFiveSeeds(readControls(this.getAttribute("controls"))), handed);
    } catch (error) {
      this.explain(`This lab cannot be set up (${(error as Error).message}): the picture is the book's own.`);
    }
  }

  disconnectedCallback(): void {
    this.view?.remove();
    this.view = null;
    this.replaceChildren(...this.staticContent);
  }

  private explain(sentence: string): void {
    this.append(html("p", { class: "lab-notice" }, sentence));
  }
}

customElements.define("attention-lab", AttentionLab);
