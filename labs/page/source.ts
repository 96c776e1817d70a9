/** The lab's own model code, fetched when the reader asks to see it. */
import { fileOf, isLabName } from "../shared/labs";
import { versioned } from "../shared/versioned";
import { html } from "./html";

export function sourceView(lab: string): HTMLElement {
  const code = html("code", {}, "Loading …");
  const pre = html("pre", { tabindex: 0 }, code);
  const details = html("details", { class: "lab-source" }, html("summary", {}, "The same model in TensorFlow.js"), pre);
  let loaded = false;
  details.addEventListener("toggle", async () => {
    if (!details.open || loaded) return;
    try {
      if (!isLabName(lab)) throw new Error("there is no such lab");
      const response = await fetch(new URL(versioned(`${fileOf[lab]}.ts.txt`), import.meta.url));
      if (!response.ok) throw new Error(String(response.status));
      code.textContent = await response.text();
      pre.tabIndex = 0; // the site's theme takes it away from what does not scroll yet
      loaded = true;
    } catch (error) {
      code.textContent = `The code could not be loaded (${(error as Error).message}). Close and open this to try again.`;
    }
  });
  return details;
}
