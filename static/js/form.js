// The options of a colouring, and an honest button while it runs.

import { startClock } from "./clock.js";

for (const slider of document.querySelectorAll("input[type=range].slider")) {
  const output = document.querySelector(`output[for="${slider.id}"]`);
  const show = () => (output.value = `${slider.value}%`);
  slider.addEventListener("input", show);
  show();
}

for (const button of document.querySelectorAll("form:not(#upload) button[data-busy]")) {
  button.form.addEventListener("submit", () => startClock(button));
}

// Back from the result, the browser may show this page as it was left: at work.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload();
});
