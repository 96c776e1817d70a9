// Paper is white: a dark page is printed with the light page's colours, all of them.
const { dataset } = document.documentElement;
let shown;

addEventListener("beforeprint", () => {
  shown = dataset.theme;
  dataset.theme = "light";
});

addEventListener("afterprint", () => {
  dataset.theme = shown;
});
