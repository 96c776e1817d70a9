/** The model that trains on this page: its file and all that it imports, fetched when the reader asks to see them. */
import { fileOf, isLabName } from "../shared/lab_files";
import { versioned } from "../shared/versioned";
import { highlight } from "./highlight";
import { html } from "./html";

export function sourceView(lab: string, id: string): HTMLElement {
  const files = html("select", { id });
  const code = html("code");
  const pre = html("pre", { tabindex: 0 }, code);
  const choice = html("div", { class: "lab-source-file", hidden: true }, html("label", { for: id }, "File"), files);
  const details = html("details", { class: "lab-source" }, html("summary", {}, "The model that runs here"), choice, pre);

  async function show(load: () => Promise<void>): Promise<void> {
    code.textContent = "Loading …";
    try {
      await load();
    } catch (error) {
      code.textContent = `The code could not be loaded (${(error as Error).message}). Close and open this to try again.`;
    }
    pre.tabIndex = 0; // the site's theme takes it away from what does not scroll yet
  }

  const showFile = async () => {
    const text = await fetched(`sources/${files.value}.txt`);
    code.replaceChildren(...highlight(await text.text()));
  };

  details.addEventListener("toggle", () => {
    if (!details.open || files.length > 0) return;
    void show(async () => {
      if (!isLabName(lab)) throw new Error("there is no such lab");
      const lists = (await (await fetched("sources.json")).json()) as Record<string, string[]>;
      files.replaceChildren(...lists[fileOf[lab]].map((name) => html("option", {}, name)));
      choice.hidden = false;
      await showFile();
    });
  });
  files.addEventListener("change", () => void show(showFile));
  return details;
}

async function fetched(name: string): Promise<Response> {
  const response = await fetch(new URL(versioned(name), import.meta.url));
  if (!response.ok) throw new Error(String(response.status));
  return response;
}
