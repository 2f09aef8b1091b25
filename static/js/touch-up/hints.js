// The list of hints, with all steps to take back and to make again.

import { APART } from "./field.js";

const MOST_STEPS = 200;

/** Tell whether two hints speak of one place, so that only the later one would count. */
function areTogether(one, other) {
  return Math.max(Math.abs(one.x - other.x), Math.abs(one.y - other.y)) < APART;
}

export class Hints extends EventTarget {
  #past = [];
  #future = [];
  #kept; // what was last done with, while something is moved or tried

  constructor(hints) {
    super();
    this.now = this.#kept = hints;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** Show other hints without making a step of it: something is being moved, or a colour tried. */
  try(hints) {
    this.now = hints;
    this.dispatchEvent(new Event("change"));
  }

  /** Make a step of what is there now. */
  keep() {
    if (JSON.stringify(this.now) === JSON.stringify(this.#kept)) return;
    this.#past.push(this.#kept);
    if (this.#past.length > MOST_STEPS) this.#past.shift();
    this.#future = [];
    this.#kept = this.now;
    this.dispatchEvent(new Event("change"));
    this.dispatchEvent(new Event("keep"));
  }

  /** Drop what was tried. */
  drop() {
    if (this.now !== this.#kept) this.try(this.#kept);
  }

  /** Put a hint in the place of another; a new one has the place after the last. */
  put(number, hint) {
    const hints = [...this.now];
    hints[number] = hint;
    this.try(hints);
  }

  /** Take away hints that a hint lies upon, for it counts now; returns the hint's number. */
  settle(number) {
    const hint = this.now[number];
    const hints = this.now.filter((other) => other === hint || !areTogether(hint, other));
    if (hints.length < this.now.length) this.try(hints);
    return hints.indexOf(hint);
  }

  remove(number) {
    this.now = this.now.filter((_, at) => at !== number);
    this.keep();
  }

  clear() {
    this.now = [];
    this.keep();
  }

  undo() {
    this.drop();
    this.#step(this.#past, this.#future);
  }

  redo() {
    this.drop();
    this.#step(this.#future, this.#past);
  }

  /** Begin anew with what the server has. */
  replace(hints) {
    this.#past = [];
    this.#future = [];
    this.#kept = hints;
    this.try(hints);
  }

  #step(from, to) {
    if (!from.length) return;
    to.push(this.#kept);
    this.now = this.#kept = from.pop();
    this.dispatchEvent(new Event("change"));
    this.dispatchEvent(new Event("keep"));
  }
}
