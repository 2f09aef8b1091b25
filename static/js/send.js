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

/** What a proxy, or the server itself, means by a status, where no page of ours comes with it. */
const MEANINGS = {
  tooLarge: [413],
  crowded: [429, 503],
  late: [408, 499, 502, 504, 520, 522, 524],
};

let leaving = false;

function goTo(address) {
  leaving = true;
  location.assign(address);
}

/** Go to the page of a batch as soon as the server has begun with it. */
async function goToBatch(request) {
  if (request.readyState === XMLHttpRequest.DONE) return;
  const response = await fetch(form.dataset.batch).catch(() => null); // a gap in the network
  if (response?.ok) goTo(form.dataset.batch);
  else setTimeout(goToBatch, POLL, request);
}

/** Find what a page of ours says went wrong; nothing in anybody else's. */
function sentenceOf(text) {
  const main = new DOMParser().parseFromString(text, "text/html").querySelector("main#main");
  return (main?.querySelector("#error") ?? main?.querySelector("h1 + p"))?.textContent.trim();
}

/** Say what an answer means that isn't ours. */
function meaningOf(status) {
  const [name] = Object.entries(MEANINGS).find(([, known]) => known.includes(status)) ?? ["other"];
  return fill(form.dataset[name], { status });
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
  let sent = false;
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
    sent = true;
    stopClock = startClock(button);
    if (form.elements.file.files.length > 1) goToBatch(request);
  });
  request.addEventListener("load", () => {
    const { status, responseURL } = request;
    // Ours goes on to the page of what has been made.
    if (status < 400 && responseURL !== form.action) return goTo(responseURL);
    stopClock();
    fail((status >= 400 && sentenceOf(request.responseText)) || meaningOf(status));
  });
  for (const type of ["error", "abort", "timeout"]) {
    request.addEventListener(type, () => {
      if (leaving) return;
      stopClock();
      fail(sent ? form.dataset.lost : form.dataset.cut);
    });
  }
  request.open("POST", form.action);
  request.send(new FormData(form));
});
