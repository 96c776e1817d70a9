/** Settings in an address: `#dense?attention_column=3&seed=2`. */
import type { Settings } from "../shared/settings";
import { shorten } from "./controls/kind";
import { defaultSettings, readValue, type Control } from "./controls/panel";
import { FIVE_SEEDS } from "./seeds";

/** So many sentences about a link are read; more are not. */
const MOST_REFUSED = 3;

/** One seed is what is usual, and so goes without saying. */
export function toHash(lab: string, settings: Settings): string {
  const said = Object.entries(settings).filter(([name, value]) => name !== FIVE_SEEDS || value);
  const values = said.map(([name, value]) => [name, String(value)]);
  return `#${lab}?${new URLSearchParams(values)}`;
}

/** Puts settings into the page's address, without a new entry for the Back button. */
export function follow(hash: string): void {
  try {
    history.replaceState(history.state, "", hash);
  } catch {
    // A page in a sandbox may have no address of its own to change.
  }
}

/** Goes to a hash of this page, from which the Back button leads back. */
export function goTo(hash: string): void {
  try {
    if (hash !== location.hash) history.pushState(history.state, "", hash);
  } catch {
    // As in `follow`.
  }
}

/** The link to another part of this page that a click is on; null where a click is to open it elsewhere. */
export function linkWithin({ target, button, ctrlKey, metaKey, shiftKey, altKey }: MouseEvent): HTMLAnchorElement | null {
  const link = target instanceof Element ? target.closest<HTMLAnchorElement>("a[href*='#']") : null;
  const isPlain = button === 0 && !ctrlKey && !metaKey && !shiftKey && !altKey;
  const isHere = link?.href.split("#")[0] === location.href.split("#")[0];
  return isPlain && isHere ? link : null;
}

/** The settings that a hash asks this lab for, and a sentence about each that it cannot have. */
export function fromHash(hash: string, lab: string, controls: Control[]): { settings: Settings; refused: string[] } | null {
  const [name, query] = splitOnce(hash.replace(/^#/, ""), "?");
  if (name !== lab) return null;
  const settings = defaultSettings(controls);
  const refused: string[] = [];
  for (const [key, text] of new URLSearchParams(query)) {
    const control = controls.find((control) => control.name === key);
    const read = control ? readValue(text, control) : { refused: `This lab has no setting “${shorten(key)}”.` };
    if ("value" in read) settings[key] = read.value;
    if (read.refused) refused.push(read.refused);
  }
  return { settings, refused: refused.slice(0, MOST_REFUSED) };
}

/** The names of the controls that `?controls=attention_column,seed` leaves in sight: all, if it names none of this lab's. */
export function inSight(search: string, controls: Control[]): string[] {
  const names = controls.map(({ name }) => name);
  const asked = new URLSearchParams(search).get("controls");
  if (asked === "") return [];
  const known = names.filter((name) => asked?.split(",").includes(name));
  return known.length > 0 ? known : names;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
