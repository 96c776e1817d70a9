// The theme lets a keyboard reach code that scrolls sideways, but it looks for such code only when a page
// loads and when its size changes. In a closed fold nothing scrolls yet: let it look again when one opens.
document.addEventListener("toggle", () => window.dispatchEvent(new Event("resize")), true);
