// Sending photos from here rather than natively: shows how far it is, and keeps the page, with all
// that was chosen, when something is wrong.

import { startClock } from "./clock.js";
import { fill } from "./text.js";

const POLL = 500;

const form = document.getElementById("upload");
const error = document.getElementById("error");
const button = form.querySelector("button[data-busy]");
const note = form.querySelector("[data-busy-note]");
const bar = form.querySelector("[data-busy-bar]");
const label = button.textContent;

/** Go to the page of a batch as soon as the server has begun with it. */
async function goToBatch(request) {
  if (request.readyState === XMLHttpRequest.DONE) return;
  const response = await fetch(form.dataset.batch);
  if (response.ok) location.assign(form.dataset.batch);
  else setTimeout(goToBatch, POLL, request);
}

/** Say what went wrong, and let the visitor try again. */
function fail(sentence) {
  error.textContent = sentence;
  error.scrollIntoView({ block: "center" });
  button.textContent = label;
  button.disabled = false;
  delete button.dataset.started;
  note.hidden = bar.hidden = true;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const request = new XMLHttpRequest();
  let stopClock = () => {};
  error.textContent = "";
  button.dataset.started = "";
  button.disabled = true;
  bar.hidden = false;
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    Object.assign(bar, { max: total, value: loaded });
    const percent = Math.floor((100 * loaded) / total);
    button.textContent = fill(form.dataset.sending, { percent });
  });
  request.upload.addEventListener("load", () => {
    stopClock = startClock(button);
    if (form.elements.file.files.length > 1) goToBatch(request);
  });
  request.addEventListener("load", () => {
    if (request.status < 400) return location.assign(request.responseURL);
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    stopClock();
    fail((page.getElementById("error") ?? page.querySelector("h1 + p")).textContent);
  });
  request.addEventListener("error", () => {
    stopClock();
    fail(form.dataset.lost);
  });
  request.open("POST", form.action);
  request.send(new FormData(form));
});
