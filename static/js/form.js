// The options of a colouring, and an honest button while it runs. The form is sent natively.

import { fill } from "./text.js";

for (const slider of document.querySelectorAll("input[type=range].slider")) {
  const output = document.querySelector(`output[for="${slider.id}"]`);
  const show = () => (output.value = `${slider.value}%`);
  slider.addEventListener("input", show);
  show();
}

function start(button) {
  const began = Date.now();
  const tick = () => {
    const seconds = Math.round((Date.now() - began) / 1000);
    button.textContent = fill(button.dataset.busy, { seconds });
  };
  tick();
  setInterval(tick, 1000);
  button.dataset.started = "";
  button.disabled = true;
  const note = button.form.querySelector("[data-busy-note]");
  if (note) note.hidden = false;
}

for (const button of document.querySelectorAll("button[data-busy]")) {
  button.form.addEventListener("submit", () => start(button));
}

// Back from the result, the browser may show this page as it was left: at work.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload();
});
