// Where in the picture a colour is said: a click or a tap, or a crosshair moved by the arrow keys.

import { fill, say } from "../text.js";
import { ARROWS, moved, placeAt } from "./pins.js";
import { placeOf } from "./words.js";

const STILL = 6; // CSS pixels that a click may move

const [aim, cross] = ["aim", "cross"].map((name) => document.getElementById(`touch-${name}`));
const texts = document.getElementById("touch").dataset;

export class Aim {
  #take;
  #place = { x: 0.5, y: 0.5 };

  /** `take` gets the places; `full` scrolls the picture where the mouse drags it. */
  constructor(take, full) {
    this.#take = take;
    let start = null;
    aim.addEventListener("pointerdown", (event) => {
      start = event;
      full.drag(event);
    });
    aim.addEventListener("click", (event) => {
      const way = start && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY);
      if (way > STILL) return;
      this.moveTo(placeAt(event));
      this.#take(this.#place);
    });
    aim.addEventListener("keydown", (event) => {
      if (event.key in ARROWS) {
        event.preventDefault();
        this.moveTo(moved(this.#place, event));
        cross.scrollIntoView({ block: "nearest", inline: "nearest" });
        say(fill(texts.place, placeOf(this.#place)));
      } else if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        this.#take(this.#place);
      }
    });
    this.moveTo(this.#place);
  }

  moveTo({ x, y }) {
    this.#place = { x, y };
    cross.style.left = `${100 * x}%`;
    cross.style.top = `${100 * y}%`;
  }

  /** Let the next place go to somebody else, once; returns what calls that off. */
  takeOnce(take) {
    const usual = this.#take;
    const callOff = () => (this.#take = usual);
    this.#take = (place) => {
      callOff();
      take(place);
    };
    return callOff;
  }

  /** Show where a hint is to be, though the crosshair hasn't the focus. */
  mark(isMarked) {
    cross.toggleAttribute("data-marked", isMarked);
  }

  get element() {
    return cross;
  }

  focus() {
    aim.focus({ preventScroll: true });
  }
}
