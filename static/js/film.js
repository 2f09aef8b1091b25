// Keeps the page of a film true while the film is being coloured.

import { say } from "./text.js";

const POLL = 1500;

const film = document.getElementById("film");
const state = () => film.firstElementChild.dataset;

async function renew() {
  const response = await fetch(film.dataset.page);
  if (response.ok) {
    const { said } = state();
    const focused = film.contains(document.activeElement) && document.activeElement.tagName;
    film.innerHTML = await response.text();
    if (focused) film.querySelector(focused)?.focus();
    if (state().open === "no") return location.reload();
    // The percents change all the time; who listens is told of every tenth.
    if (state().said.replace(/\d%/, "") !== said.replace(/\d%/, "")) say(state().said);
  }
  watch();
}

function watch() {
  if (state().open === "yes") setTimeout(() => renew().catch(watch), POLL);
}

watch();
