// Keeps the list of a batch true while its photos are being coloured.

import { say } from "./text.js";

const POLL = 1500;

const batch = document.getElementById("batch");
const state = () => batch.firstElementChild.dataset;

async function renew() {
  const response = await fetch(batch.dataset.page);
  if (response.ok) {
    const said = state().said;
    const focused = document.activeElement?.href;
    batch.innerHTML = await response.text();
    if (focused) batch.querySelector(`a[href="${new URL(focused).pathname}"]`)?.focus();
    if (state().said !== said) say(state().said);
  }
  watch();
}

function watch() {
  if (state().running === "yes") setTimeout(() => renew().catch(watch), POLL);
}

watch();
