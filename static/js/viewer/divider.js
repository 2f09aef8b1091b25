// The line between before and after follows its slider.

import { fill } from "../text.js";

const viewer = document.getElementById("viewer");
const divider = document.getElementById("divider");

function move() {
  viewer.style.setProperty("--split", `${divider.value}%`);
  divider.ariaValueText = fill(divider.dataset.text, { percent: Math.round(divider.value) });
}

divider.addEventListener("input", move);
move();
