// Keeps the line about the generators true while one of them is downloading or loading.

import { fill, say } from "./text.js";

const INTERVAL = 2000;

const engine = document.getElementById("engine");

/** What the server rendered: whether a generator is ready, and each one's state. */
function state() {
  return engine.firstElementChild.dataset;
}

function showBytes({ name, bytes_done: done, bytes_total: total }) {
  const line = engine.querySelector(`[data-model="${name}"]`);
  const text = line?.querySelector("[data-text]");
  if (!text || !total) return;
  Object.assign(line.querySelector("progress"), { max: total, value: done });
  const megabytes = (bytes) => Math.round(bytes / 1e6);
  text.textContent = fill(text.dataset.text, { done: megabytes(done), total: megabytes(total) });
}

/** Fetch the lines anew, and wake or put to sleep what needs a generator. */
async function replace() {
  const response = await fetch(engine.dataset.page);
  if (!response.ok) return;
  engine.style.minHeight = `${engine.offsetHeight}px`; // so that nothing below moves
  engine.innerHTML = await response.text();
  const ready = state().ready === "yes";
  for (const button of document.querySelectorAll("[data-needs-engine]:not([data-started])")) {
    button.disabled = !ready;
  }
  const note = document.getElementById("engine-wait");
  if (note) note.hidden = ready;
  say(engine.innerText);
}

async function look() {
  if (!document.hidden) {
    const response = await fetch(engine.dataset.models);
    if (!response.ok) return; // logged out meanwhile
    const { models } = await response.json();
    const states = models.map(({ name, state }) => `${name}:${state} `).join("");
    if (states !== state().states) await replace();
    for (const model of models) showBytes(model);
  }
  watch();
}

function watch() {
  const { ready, states } = state();
  if (ready === "no" || /downloading|loading/.test(states)) {
    setTimeout(() => look().catch(watch), INTERVAL);
  }
}

if (engine) watch();
