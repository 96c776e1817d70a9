/**
 * What stays in sight on a phone while the controls pass below it: picture and verdict, or the picture alone.
 *
 * Only the heights are measured here; where a window counts as a phone's, the style sheet says (frame.css).
 */

/** Below what sticks there is room for a control with its name, in pixels. */
const ROOM_FOR_A_CONTROL = 100;

export function stickWhereItFits(desk: HTMLElement, signal: AbortSignal): void {
  const [picture, verdict] = [".lab-reader", ".lab-verdict"].map((name) => desk.querySelector<HTMLElement>(name));
  if (!picture || !verdict || typeof ResizeObserver === "undefined") return;

  function measure(): void {
    if (!picture || !verdict) return;
    // The site's own header, which stays above; without a height where the window is none of a phone.
    const header = Number.parseFloat(getComputedStyle(desk).getPropertyValue("--lab-header"));
    const room = window.innerHeight - header - ROOM_FOR_A_CONTROL;
    const both = picture.offsetHeight + verdict.offsetHeight;
    desk.dataset.sticks = both <= room ? "both" : picture.offsetHeight <= room ? "picture" : "nothing";
    desk.style.setProperty("--lab-picture-height", `${picture.offsetHeight}px`);
  }

  const observer = new ResizeObserver(measure);
  observer.observe(picture);
  observer.observe(verdict);
  window.addEventListener("resize", measure, { signal });
  signal.addEventListener("abort", () => observer.disconnect());
}
