// Selecting photos of the gallery: how many there are, all at once, and nothing to press for none.

import { fill } from "./text.js";

const gallery = document.getElementById("gallery");

function watch() {
  const boxes = [...gallery.querySelectorAll("input[name=id]")];
  const all = document.getElementById("select-all");
  const count = gallery.querySelector("[data-count]");
  const hint = count.textContent;
  const show = () => {
    const selected = boxes.filter((box) => box.checked).length;
    count.textContent = selected ? fill(count.dataset.count, { count: selected }) : hint;
    all.checked = selected === boxes.length;
    all.indeterminate = selected > 0 && !all.checked;
    for (const button of gallery.querySelectorAll("button")) button.disabled = !selected;
  };
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
  });
  gallery.addEventListener("change", show);
  show();
}

if (gallery) watch();
