/** What a reader takes along: a link to the lab as it is set now, or the line of HTML that shows it on another page. */
import type { Settings } from "../shared/settings";
import { toHash } from "./address";
import { button } from "./buttons";
import { html } from "./html";

type Say = (sentence: string, ...more: Node[]) => void;

interface Taken {
  name: string;
  says: string;
}

const LINK: Taken = { name: "Link to these settings", says: "the link opens this lab with these settings" };
const FRAME: Taken = { name: "Line for a page of your own", says: "the line shows this lab with these settings on a page of your own" };

/** Without its own origin a lab may start no worker; the rest lets its links open. */
const ALLOWED = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox";
/** Room for most labs in a column of text, in pixels; a taller one is scrolled. */
const HEIGHT = 900;

export function sharingButtons(element: HTMLElement, lab: string, settings: () => Settings, say: Say): HTMLButtonElement[] {
  const place = (page: string | null) => placeOf(page, element.getAttribute("root") ?? "", toHash(lab, settings()));
  return [
    // The link opens the chapter's page, wherever this lab is shown; a frame shows the lab alone.
    button("Copy link", () => void copy(place(element.getAttribute("notebook")), LINK, say)),
    button("Embed", () => void copy(frameLine(place(`labs/${lab}`), lab), FRAME, say)),
  ];
}

/** The address of a page, by default this one; `root` leads from here to the site's first folder. */
function placeOf(page: string | null, root: string, hash: string): string {
  const place = new URL(page ? `${root}${page}.html` : location.href, location.href);
  if (place.pathname === location.pathname) place.search = location.search;
  place.hash = hash;
  return place.href;
}

function frameLine(address: string, lab: string): string {
  const title = `A lab on attention: ${lab.replaceAll("_", " ")}`;
  const size = { width: "100%", height: HEIGHT, frameborder: 0 };
  const attributes = { src: address, title, ...size, loading: "lazy", sandbox: ALLOWED, allow: "clipboard-write" };
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(String(value))}"`);
  return `<iframe${written.join("")}></iframe>`;
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");

/** Puts a text on the clipboard; where the browser keeps that closed, shows it. */
async function copy(text: string, { name, says }: Taken, say: Say): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied: ${says}.`);
  } catch {
    const field = html("input", { type: "text", readonly: true, "aria-label": name, value: text });
    say(`The browser keeps its clipboard closed; ${says}:`, field);
    field.select();
  }
}
