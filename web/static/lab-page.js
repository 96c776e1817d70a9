// A lab's own page in a frame of another page.
"use strict";

// An origin of its own, as a sandbox without allow-same-origin gives: the lab's program may not start there.
if (self.origin !== location.origin) {
  for (const lab of document.querySelectorAll("attention-lab")) {
    const figure = lab.querySelector("figure");
    const caption = figure.querySelector("figcaption");
    const [found] = caption.textContent.split(" Its sliders need");
    caption.textContent =
      `${found} This page is sandboxed without allow-same-origin, so the browser starts no training here: ` +
      "the picture is the book's own.";
    lab.replaceWith(figure);
  }
}

// The page around a lab is not to be lost by a link.
if (parent !== self) {
  for (const link of document.links) link.target = "_blank";
}
