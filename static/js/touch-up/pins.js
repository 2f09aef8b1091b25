// The hints as buttons over the picture: opened, dragged, moved by the arrow keys, deleted.

import { fill, say } from "../text.js";
import { describe } from "./words.js";

const STEP = 1 / 256;
const FAR = 10;
const DRAGGED = 4; // CSS pixels from which on a press is a drag

const place = document.getElementById("touch-pins");
const picture = document.getElementById("touch-picture");
const aim = document.getElementById("touch-aim");
const texts = document.getElementById("touch").dataset;

export const ARROWS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Move a place by an arrow key, within the picture. */
export function moved({ x, y }, { key, shiftKey }) {
  const [across, down] = ARROWS[key].map((way) => way * STEP * (shiftKey ? FAR : 1));
  return { x: within(x + across), y: within(y + down) };
}

/** Find the place in the picture that an event is at. */
export function placeAt({ clientX, clientY }) {
  const { left, top, width, height } = picture.getBoundingClientRect();
  return { x: within((clientX - left) / width), y: within((clientY - top) / height) };
}

function within(share) {
  return Number(Math.min(1, Math.max(0, share)).toFixed(5));
}

export class Pins {
  #hints;
  #open;
  #point;

  constructor(hints, { open, point }) {
    this.#hints = hints;
    this.#open = open;
    this.#point = point;
  }

  get all() {
    return [...place.children];
  }

  /** Let there be a button for each hint, in the order in which they were set. */
  show() {
    const hints = this.#hints.now;
    while (place.children.length > hints.length) place.lastElementChild.remove();
    while (place.children.length < hints.length) place.append(this.#make());
    hints.forEach((hint, number) => {
      const pin = place.children[number];
      pin.textContent = number + 1;
      pin.ariaLabel = describe(hint, number);
      pin.style.left = `${100 * hint.x}%`;
      pin.style.top = `${100 * hint.y}%`;
      pin.style.setProperty("--said", hint.color ?? "transparent");
      pin.toggleAttribute("data-guessed", hint.color === null);
    });
  }

  #numberOf(pin) {
    return this.all.indexOf(pin);
  }

  #make() {
    const pin = document.createElement("button");
    pin.type = "button";
    pin.className = "touch-pin";
    let wasDragged = false;
    pin.addEventListener("pointerdown", (event) => {
      wasDragged = false;
      if (!event.button) this.#drag(pin, event, () => (wasDragged = true));
    });
    pin.addEventListener("click", ({ detail }) => {
      if (!(wasDragged && detail)) this.#open(this.#numberOf(pin));
    });
    pin.addEventListener("keydown", (event) => this.#press(pin, event));
    pin.addEventListener("keyup", ({ key }) => key in ARROWS && this.#letGo(pin));
    for (const type of ["focus", "pointerenter"]) {
      pin.addEventListener(type, () => this.#point(this.#numberOf(pin)));
    }
    for (const type of ["blur", "pointerleave"]) {
      pin.addEventListener(type, () => this.#point(null));
    }
    return pin;
  }

  #drag(pin, start, begin) {
    const number = this.#numberOf(pin);
    const hint = this.#hints.now[number];
    const from = placeAt(start);
    let isDragged = false;
    const follow = (event) => {
      const way = Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY);
      if (!isDragged && way < DRAGGED) return;
      if (!isDragged) begin();
      isDragged = true;
      const to = placeAt(event);
      const x = within(hint.x + to.x - from.x);
      this.#hints.put(number, { ...hint, x, y: within(hint.y + to.y - from.y) });
    };
    const end = ({ type }) => {
      pin.removeEventListener("pointermove", follow);
      for (const name of ["pointerup", "pointercancel"]) pin.removeEventListener(name, end);
      if (type === "pointercancel") this.#hints.drop();
      else if (isDragged) this.#letGo(pin);
    };
    pin.setPointerCapture(start.pointerId);
    pin.addEventListener("pointermove", follow);
    for (const name of ["pointerup", "pointercancel"]) pin.addEventListener(name, end);
  }

  #press(pin, event) {
    const number = this.#numberOf(pin);
    if (event.key in ARROWS) {
      event.preventDefault();
      const hint = this.#hints.now[number];
      this.#hints.put(number, { ...hint, ...moved(hint, event) });
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.remove(number);
    }
  }

  /** End a move: it is a step now. */
  #letGo(pin) {
    const before = this.#hints.now.length;
    const number = this.#hints.settle(this.#numberOf(pin));
    this.#hints.keep();
    this.all[number].focus({ preventScroll: true });
    const isAlone = this.#hints.now.length === before;
    say(isAlone ? describe(this.#hints.now[number], number) : texts.replaced);
  }

  /** Delete a hint, and stay near it. */
  remove(number) {
    this.#hints.remove(number);
    this.#point(null);
    (this.all[number] ?? this.all.at(-1) ?? aim).focus({ preventScroll: true });
    say(fill(texts.removed, { number: number + 1 }));
  }
}
