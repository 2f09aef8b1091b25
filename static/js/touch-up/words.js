// What hints are called, in the visitor's language: the sentences are the page's own.

import { fill } from "../text.js";

const texts = document.getElementById("touch").dataset;

/** The names of colours, by their numbers. */
const names = new Map();

/** Learn how colours are called. */
export function nameColors(swatches) {
  for (const { name, color } of swatches) if (color) names.set(color.toLowerCase(), name);
}

/** Say what colour a hint has. */
export function nameOf(color) {
  if (color === null) return texts.guessed;
  const known = names.get(color.toLowerCase());
  if (known) return known;
  return /^#(..)\1\1$/i.test(color) ? texts.grey : color.toLowerCase();
}

/** Say where a place is. */
export function placeOf({ x, y }) {
  const percent = (share) => Math.round(100 * share);
  return { x: percent(x), y: percent(y) };
}

/** Say what a hint is, and where. */
export function describe(hint, number) {
  const values = { number: number + 1, color: nameOf(hint.color), ...placeOf(hint) };
  return fill(texts.hint, values);
}
