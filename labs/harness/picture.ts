/** For tests only: draws any picture, in all the ways a lab shows it, without a lab. */
import type { Picture } from "../src/messages";
import { numbersTable, pictureView } from "../src/picture";

const view = pictureView();
document.querySelector(".lab-picture-place")?.append(view.node);

Object.assign(window, {
  draw(picture: Picture) {
    view.draw(picture);
    document.querySelector(".lab-numbers")?.replaceChildren(numbersTable(picture));
  },
});
