/** For tests only: draws any picture, in all the ways a lab shows it, without a lab. */
import { numbersTable } from "../page/pictures/numbers_table";
import { pictureView, tableOf } from "../page/pictures/picture";
import type { Picture } from "../shared/pictures";

const view = pictureView();
document.querySelector(".lab-picture-place")?.append(view.node);

Object.assign(window, {
  draw(picture: Picture) {
    view.draw(picture);
    document.querySelector(".lab-numbers")?.replaceChildren(numbersTable(picture.title, tableOf(picture)));
  },
});
