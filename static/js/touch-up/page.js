// The page where colours are put right: its parts, and what one means to the others.

import { fill, say } from "../text.js";
import { Aim } from "./aim.js";
import { Editor } from "./editor.js";
import { Engine } from "./engine.js";
import { Full } from "./full.js";
import { Hints } from "./hints.js";
import { Outline } from "./outline.js";
import { Picture } from "./picture.js";
import { Pins } from "./pins.js";
import { Saver } from "./saver.js";

const texts = document.getElementById("touch").dataset;
const data = JSON.parse(document.getElementById("touch-up-data").textContent);
data.to = JSON.parse(texts.to); // addresses
const [undo, redo, without, clear, back, state, conflict] = [
  "undo",
  "redo",
  "without",
  "clear",
  "back",
  "state",
  "conflict",
].map((name) => document.getElementById(`touch-${name}`));

const engine = new Engine();
const hints = new Hints(data.hints);
const picture = new Picture(data, engine);
const saver = new Saver(data.version, data.to.hints);
const full = new Full(data);
const outline = new Outline(engine);
const editor = new Editor(data, engine, hints, picture);
const pins = new Pins(hints, {
  open: (number) => editor.open(number),
  point: (number) => outline.show(number === null ? null : hints.now[number]),
});
const aim = new Aim(({ x, y }) => editor.open(null, x, y), full);
editor.useAim(aim, pins);

function show() {
  const count = hints.now.length;
  pins.show();
  undo.disabled = !hints.canUndo;
  redo.disabled = !hints.canRedo;
  clear.disabled = !count;
  const done = count === 1 ? texts.one : count ? texts.many : texts.none;
  back.textContent = fill(done, { count });
}

/** Go a step back or forth. */
function step(way, sentence) {
  if (way === "undo" ? !hints.canUndo : !hints.canRedo) return;
  editor.close();
  hints[way]();
  say(fill(sentence, { count: hints.now.length }));
}

/** Show the guess while a button or a key is held. */
function hold(button, isHeld) {
  picture.showWithout(isHeld);
  button.ariaPressed = isHeld;
}

hints.addEventListener("change", () => {
  show();
  picture.show(hints.now);
});
hints.addEventListener("keep", () => {
  full.clear();
  saver.save(hints.now);
});

undo.addEventListener("click", () => step("undo", texts.undone));
redo.addEventListener("click", () => step("redo", texts.redone));
clear.addEventListener("click", () => {
  editor.close();
  hints.clear();
  say(texts.cleared);
});
for (const type of ["pointerdown", "pointerup", "pointercancel", "lostpointercapture"]) {
  without.addEventListener(type, (event) => {
    if (type === "pointerdown") without.setPointerCapture(event.pointerId);
    hold(without, type === "pointerdown");
  });
}
for (const type of ["keydown", "keyup", "blur"]) {
  without.addEventListener(type, ({ key }) => {
    if (type === "blur" || key === " " || key === "Enter") hold(without, type === "keydown");
  });
}
without.addEventListener("contextmenu", (event) => event.preventDefault());

addEventListener("keydown", (event) => {
  const isOurs = (event.ctrlKey || event.metaKey) && !event.altKey && /^z$/i.test(event.key);
  if (!isOurs || event.target.matches("input:not([type=radio], [type=color])")) return;
  event.preventDefault();
  if (event.shiftKey) step("redo", texts.redone);
  else step("undo", texts.undone);
});

// The photo's page is to show what has been done here.
let isLeaving = false;
back.addEventListener("click", (event) => {
  if (!saver.isBusy || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  isLeaving = true;
  saver.hurry();
});

saver.addEventListener("state", ({ detail }) => {
  if (isLeaving && detail === "saved") location.assign(back.href);
  if (detail !== "saving") isLeaving = false;
  state.textContent = texts[detail] ?? "";
  conflict.hidden = detail !== "conflict";
  if (detail === "unsaved" || detail === "refused") say(texts[detail]);
  if (detail === "saved") full.show(saver.version);
});
document.getElementById("touch-theirs").addEventListener("click", async () => {
  editor.close();
  hints.replace(await saver.load());
  document.getElementById("touch-aim").focus();
});
document.getElementById("touch-mine").addEventListener("click", () => saver.insist(hints.now));

addEventListener("visibilitychange", () => document.hidden || saver.look());

show();
full.show(saver.version);
await picture.load().catch(() => {}); // The server's pictures do without.
document.getElementById("touch").dataset.ready = "";
