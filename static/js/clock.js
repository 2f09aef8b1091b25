// What a button says while a photo is being coloured: how long it has been, and about how long it
// takes, learnt by the server from its last photos.

import { fill } from "./text.js";

/** Tell how many seconds a photo with the options of a form takes here; undefined: nobody knows. */
function expectedSeconds({ dataset, form }) {
  const model = form.elements.model.value || dataset.model;
  const factor = form.elements.render_factor?.value || dataset.factor;
  return JSON.parse(dataset.expected ?? "{}")[factor]?.[model];
}

/** Let a button count the seconds; returns what ends it. */
export function startClock(button) {
  const began = Date.now();
  const expected = expectedSeconds(button);
  const note = button.form.querySelector("[data-busy-note]");
  const bar = button.form.querySelector("[data-busy-bar]");
  const tick = () => {
    const seconds = (Date.now() - began) / 1000;
    button.textContent = fill(button.dataset.busy, { seconds: Math.round(seconds) });
    if (bar && seconds < expected) Object.assign(bar, { max: expected, value: seconds });
    else bar?.removeAttribute("value"); // longer than expected: nobody knows how long
  };
  tick();
  const timer = setInterval(tick, 500);
  button.dataset.started = "";
  button.disabled = true;
  for (const part of [note, bar]) if (part) part.hidden = false;
  if (note && expected) {
    const seconds = Math.max(1, Math.round(expected));
    note.textContent = fill(note.dataset.expected, { seconds });
  }
  return () => clearInterval(timer);
}
