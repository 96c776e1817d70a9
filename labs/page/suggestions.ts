/** What a reader may try, a link each: what it sets is an address, as of any other link to the lab. */
import type { Settings } from "../shared/settings";
import { toHash } from "./address";
import { html } from "./html";

interface Suggestion {
  text: string;
  settings: Settings;
}

/** `json` is what helpers/live.py writes; null where a lab suggests nothing. */
export function suggestionsView(json: string | null, lab: string, id: string): HTMLElement | null {
  const suggestions = JSON.parse(json ?? "[]") as Suggestion[];
  if (suggestions.length === 0) return null;
  const items = suggestions.map(({ text, settings }) => html("li", {}, html("a", { href: toHash(lab, settings) }, text)));
  const node = html("ul", { class: "lab-suggestions", hidden: true, "aria-label": "Try this" }, ...items);
  node.id = id;
  return node;
}
