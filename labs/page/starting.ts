/** When a lab may use its reader's machine: once it is seen, and while it is. */

interface Starting {
  /** The first time that the lab may train by itself. */
  begin(): void;
  /** From then on, whenever it comes into sight or leaves it. */
  setInSight(inSight: boolean): void;
  /** Why it waits; nothing once it no longer does. */
  say(sentence: string): void;
}

export function startWhenSeen(element: HTMLElement, signal: AbortSignal, { begin, setInSight, say }: Starting): void {
  let seen = true;
  const tell = () => setInSight(seen && !document.hidden);
  document.addEventListener("visibilitychange", tell, { signal });
  tell();

  if (savesData()) {
    say("Data saver is on: the lab loads and trains when you first touch it.");
    const touched = () => {
      say("");
      begin();
    };
    element.addEventListener("pointerdown", touched, { signal, once: true });
  }
  if (typeof IntersectionObserver === "undefined") {
    if (!savesData()) begin();
    return;
  }
  const observer = new IntersectionObserver((entries) => {
    seen = entries.at(-1)?.isIntersecting === true;
    tell();
    if (seen && !savesData()) begin();
  });
  observer.observe(element);
  signal.addEventListener("abort", () => observer.disconnect());
}

function savesData(): boolean {
  const { connection } = navigator as Navigator & { connection?: { saveData?: boolean } };
  return connection?.saveData === true;
}
