import { html } from "../html";

/** Which colour stands for which weight: none for 0, the strongest for the largest there is or could be. */
export const colourScale = (strongest: Node | string): HTMLElement =>
  html("div", { class: "lab-scale" }, "0", html("span", { class: "lab-scale-colours" }), strongest);
