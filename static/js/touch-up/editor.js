// What is said of one hint: its colour, of several swatches, by number or out of the photo; how far
// it reaches. Nothing is set at a new place before a colour is chosen.

import { fill, say } from "../text.js";
import { hexOf } from "./colors.js";
import { forgetColor, keepColor, ownColors, recentColors, rememberColor } from "./palette.js";
import { describe, nameColors, nameOf, placeOf } from "./words.js";

const GAP = 14; // CSS pixels between a place and what is said of it
const EDGE = 8; // and from the window's border

const part = (name) => document.getElementById(`touch-${name}`);
const [editor, title, fitting, recent, own, color, hex, shown, naming, picking] = [
  "editor",
  "title",
  "fitting",
  "recent",
  "own",
  "color",
  "hex",
  "shown",
  "name",
  "picking",
].map(part);
const reaches = [...editor.querySelectorAll("input[name=hint-reach]")];
const texts = document.getElementById("touch").dataset;

export class Editor {
  #data;
  #engine;
  #hints;
  #picture;
  #aim;
  #pins;
  #hint; // as it is said so far; its color is undefined while nothing is
  #number; // its place in the list; null while it isn't in it
  #request = new AbortController();
  #callOff; // ends the choice of a colour in the photo

  constructor(data, engine, hints, picture) {
    this.#data = data;
    this.#engine = engine;
    this.#hints = hints;
    this.#picture = picture;
    nameColors([...data.swatches, ...ownColors()]);
    new ResizeObserver(() => editor.matches(":popover-open") && this.#stand()).observe(editor);
    editor.addEventListener("toggle", ({ newState }) => newState === "closed" && this.#end());
    color.addEventListener("input", () => this.#say({ color: color.value }));
    color.addEventListener("change", () => this.#choose({ color: color.value }));
    hex.addEventListener("input", () => this.#type((value) => this.#say({ color: value })));
    hex.addEventListener("change", () => this.#type((value) => this.#choose({ color: value })));
    hex.addEventListener("keydown", ({ key }) => key === "Enter" && this.close());
    for (const reach of reaches) {
      reach.addEventListener("change", () => this.#choose({ radius: radiusOf(reach) }));
    }
    part("pick").addEventListener("click", () => this.#pick());
    part("delete").addEventListener("click", () => this.#delete());
    naming.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#keepName(naming.querySelector("input"));
    });
    addEventListener("keydown", ({ key }) => key === "Escape" && this.#endPicking());
  }

  useAim(aim, pins) {
    this.#aim = aim;
    this.#pins = pins;
  }

  /** Open a hint, or a new place. */
  open(number, x, y) {
    this.close();
    this.#hints.keep(); // The popover says nothing of its end when it opens again at once.
    this.#number = number;
    this.#hint = number === null ? { x, y, color: undefined, radius: null } : this.#hints.now[number];
    if (number === null && this.#hints.now.length >= this.#data.most) {
      return say(fill(texts.full, { most: this.#data.most }));
    }
    this.#aim.mark(number === null);
    for (const list of [fitting, recent, own]) list.replaceChildren();
    this.#offer();
    this.#open();
  }

  close() {
    this.#endPicking();
    if (editor.matches(":popover-open")) editor.hidePopover();
  }

  #open() {
    editor.showPopover();
    this.#show();
    this.#stand();
    this.#uncover();
    editor.focus({ preventScroll: true });
  }

  get #marker() {
    return this.#number === null ? this.#aim.element : this.#pins.all[this.#number];
  }

  /**
   * Stand beside the picture, or as far to its side as the window goes, where that leaves the place
   * in sight; on a phone below, where the thumb is.
   */
  #stand() {
    const place = this.#marker.getBoundingClientRect();
    const picture = part("stage").getBoundingClientRect();
    const { offsetWidth, offsetHeight } = editor;
    const last = document.body.clientWidth - offsetWidth - EDGE;
    const right = Math.min(picture.right + GAP, last);
    const left = Math.max(picture.left - GAP - offsetWidth, EDGE);
    const isLeft = right < place.right + GAP && left + offsetWidth <= place.left - GAP;
    const lowest = innerHeight - offsetHeight - EDGE;
    const top = Math.max(EDGE, Math.min(place.top - offsetHeight / 3, lowest));
    editor.style.setProperty("--left", `${isLeft ? left : right}px`);
    editor.style.setProperty("--top", `${top}px`);
  }

  /** Scroll the place above what covers it. */
  #uncover() {
    const place = this.#marker.getBoundingClientRect();
    const covered = place.bottom + GAP - editor.getBoundingClientRect().top;
    const isBelow = editor.offsetWidth >= document.body.clientWidth;
    if (isBelow && covered > 0) scrollBy({ top: covered });
  }

  /** Show what is said so far. */
  async #show() {
    const hint = this.#hint;
    const isNew = this.#number === null;
    title.textContent = isNew ? fill(texts.new, placeOf(hint)) : describe(hint, this.#number);
    part("delete").hidden = isNew;
    for (const reach of reaches) reach.checked = radiusOf(reach) === hint.radius;
    for (const swatch of editor.querySelectorAll("[data-color]")) {
      swatch.ariaPressed = swatch.dataset.color === String(hint.color);
    }
    naming.hidden = !hint.color;
    shown.hidden = !hint.color || !this.#engine.isReady;
    if (document.activeElement !== hex) hex.value = hint.color ?? "";
    if (!hint.color) return;
    color.value = hint.color;
    shown.firstElementChild.style.backgroundColor = (await this.#shownFor([hint]))[0];
  }

  /** Find what colours hints come out as; where only the server knows, as they are said. */
  #shownFor(hints) {
    if (this.#engine.isReady) return this.#engine.ask("showColors", { hints });
    return hints.map(({ color }) => color);
  }

  /** Offer colours: those that the server knows for the place, lately used ones, and named ones. */
  async #offer() {
    const { x, y } = this.#hint;
    this.#request.abort();
    this.#request = new AbortController();
    const { signal } = this.#request;
    const query = new URLSearchParams({ x, y });
    const fetched = fetch(`${this.#data.to.swatches}?${query}`, { signal })
      .then((response) => (response.ok ? response.json() : this.#data.swatches))
      .catch(() => this.#data.swatches);
    const remembered = async (colors) => {
      const come = await this.#shownFor(colors.map(({ color }) => ({ x, y, color, radius: null })));
      return colors.map((one, at) => ({ name: nameOf(one.color), ...one, shown: come[at] }));
    };
    const lists = await Promise.all([fetched, remembered(recentColors()), remembered(ownColors())]);
    if (signal.aborted) return;
    nameColors(lists[0].filter(({ color }) => color && !/^#(..)\1\1$/.test(color)));
    [fitting, recent, own].forEach((list, at) => {
      list.replaceChildren(...lists[at].map((swatch) => this.#makeSwatch(swatch, list)));
      if (list !== fitting) list.parentElement.hidden = !lists[at].length;
    });
    this.#show();
    this.#uncover();
  }

  #makeSwatch({ name, color: said, shown: seen }, list) {
    const swatch = document.createElement("button");
    swatch.type = "button";
    swatch.className = "touch-swatch";
    swatch.title = swatch.ariaLabel = name;
    swatch.dataset.color = String(said);
    swatch.style.backgroundColor = seen ?? said;
    swatch.addEventListener("click", () => this.#choose({ color: said }));
    if (list !== own) return swatch;
    const line = document.createElement("span");
    const forget = document.createElement("button");
    forget.type = "button";
    forget.className = "touch-forget";
    forget.textContent = "×";
    forget.ariaLabel = fill(own.dataset.forget, { name });
    forget.addEventListener("click", () => {
      forgetColor(name);
      line.remove();
      own.parentElement.hidden = !own.children.length;
      editor.focus();
    });
    line.append(swatch, forget);
    return line;
  }

  /** Say something of the hint, without making a step of it yet. */
  #say(said) {
    this.#hint = { ...this.#hint, ...said };
    if (this.#hint.color !== undefined) {
      if (this.#number === null) {
        this.#number = this.#hints.now.length;
        this.#aim.mark(false);
      }
      this.#hints.put(this.#number, this.#hint);
    }
    this.#show();
  }

  /** Say something of the hint for good: it can be taken back. */
  #choose(said) {
    this.#say(said);
    if (this.#number === null) return; // A reach alone sets nothing.
    const count = this.#hints.now.length;
    this.#number = this.#hints.settle(this.#number);
    this.#hints.keep();
    if (said.color) rememberColor(said.color.toLowerCase());
    const isAlone = this.#hints.now.length === count;
    say(isAlone ? describe(this.#hint, this.#number) : texts.replaced);
  }

  #type(use) {
    if (!hex.validity.valid || !hex.value) return;
    use(`#${hex.value.replace("#", "").toLowerCase()}`);
  }

  /** Let the next click in the photo choose its colour there. */
  #pick() {
    const [number, hint] = [this.#number, this.#hint];
    editor.hidePopover();
    picking.hidden = false;
    say(texts.picking);
    this.#aim.focus();
    const callOff = this.#aim.takeOnce((place) => {
      this.#callOff = null;
      picking.hidden = true;
      const taken = hexOf(this.#picture.levelsAt(place));
      this.open(number, hint.x, hint.y);
      this.#choose({ color: taken });
      say(fill(texts.picked, { color: taken }));
      this.#aim.moveTo(hint);
    });
    this.#callOff = () => {
      callOff();
      picking.hidden = true;
    };
  }

  #endPicking() {
    this.#callOff?.();
    this.#callOff = null;
  }

  #keepName(field) {
    const name = field.value.trim();
    if (!name || !this.#hint.color) return;
    keepColor(name, this.#hint.color.toLowerCase());
    nameColors(ownColors());
    field.value = "";
    this.#offer();
  }

  #delete() {
    const number = this.#number;
    this.close();
    this.#pins.remove(number);
  }

  /** End with a hint: what was tried last is a step, and the focus goes back to it. */
  #end() {
    this.#request.abort();
    this.#hints.keep();
    this.#aim.mark(false);
    const isElsewhere = document.activeElement !== document.body && !editor.contains(document.activeElement);
    if (isElsewhere) return;
    if (this.#number === null) this.#aim.focus();
    else this.#pins.all[this.#number]?.focus({ preventScroll: true });
  }
}

function radiusOf(reach) {
  return reach.value ? Number(reach.value) : null;
}
