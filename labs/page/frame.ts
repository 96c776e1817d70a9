/** A lab on a page of somebody else: the line of HTML that shows it there. */

/** Without its own origin a lab may start no worker; the rest lets its links open. */
const ALLOWED = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox";
/** Room for most labs in a column of text, in pixels; a taller one is scrolled. */
const HEIGHT = 900;

export function frameLine(address: string, lab: string): string {
  const title = `A lab on attention: ${lab.replaceAll("_", " ")}`;
  const attributes = { src: address, title, width: "100%", height: HEIGHT, frameborder: 0, loading: "lazy", sandbox: ALLOWED, allow: "clipboard-write" };
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(String(value))}"`);
  return `<iframe${written.join("")}></iframe>`;
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
