// Choosing photos: by the control, the camera, dropping or pasting; each is looked at before it is
// sent. The control always holds what is chosen, so that the form is complete without this.

import { fill, say } from "./text.js";

const drop = document.getElementById("drop");
const input = drop.querySelector("input");
const camera = document.getElementById("camera");
const list = document.getElementById("chosen");
const template = document.getElementById("chosen-photo").content.firstElementChild;
const { megabytes, megapixels, filmMegabytes, total } = drop.dataset;
const suffixes = input.accept.split(",").filter((part) => part.startsWith("."));

/** The chosen files, each with its place in the list. */
const chosen = new Map();

const inMegabytes = (bytes) => Math.max(0.1, bytes / 1e6).toFixed(1);

/** Tell whether a file may be a picture: not every system knows TIFF or JPEG 2000 for one. */
function mayBePicture(file) {
  const name = file.name.toLowerCase();
  return file.type.startsWith("image/") || suffixes.some((suffix) => name.endsWith(suffix));
}

/** Tell whether a file may be a film, which has a limit of its own and can't be looked at here. */
const mayBeFilm = (file) =>
  file.type.startsWith("video/") || /\.(mkv|avi|mts|m2ts|vob|mxf|flv|wmv|mod)$/i.test(file.name);

/** Say what is wrong with a file; the form isn't sent with it. */
function refuse(item, sentence) {
  item.dataset.wrong = "";
  item.querySelectorAll("p")[1].textContent = sentence;
  say(sentence);
}

/** Make the place of a file in the list: its picture, its name, its size or what is wrong. */
function place(file) {
  const item = template.cloneNode(true);
  const picture = item.querySelector("img");
  const [name, note] = item.querySelectorAll("p");
  const remove = item.querySelector("button");
  name.textContent = file.name;
  note.textContent = `${inMegabytes(file.size)} MB`;
  remove.ariaLabel = fill(remove.ariaLabel, { name: file.name });
  remove.addEventListener("click", () => leaveOut(file));
  const limit = mayBeFilm(file) ? filmMegabytes : megabytes;
  if (!mayBePicture(file) && !mayBeFilm(file)) {
    refuse(item, drop.dataset.kind);
  } else if (file.size > limit * 1e6) {
    refuse(item, fill(drop.dataset.bytes, { size: inMegabytes(file.size), limit }));
  }
  // The server has the last word on what can't be shown here.
  picture.addEventListener("error", () => picture.removeAttribute("src"));
  picture.addEventListener("load", () => {
    const size = (picture.naturalWidth * picture.naturalHeight) / 1e6;
    if (size <= megapixels || "wrong" in item.dataset) return;
    refuse(item, fill(drop.dataset.pixels, { size: size.toFixed(0), limit: megapixels }));
    check();
  });
  picture.src = URL.createObjectURL(file);
  return item;
}

/** Keep the form from being sent while something is wrong with what is chosen. */
function check() {
  const files = [...chosen.keys()];
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const wrong = list.querySelector("[data-wrong] p:nth-of-type(2)")?.textContent ?? "";
  const tooMuch = { size: inMegabytes(size), limit: total };
  input.setCustomValidity(wrong || (size > total * 1e6 ? fill(drop.dataset.together, tooMuch) : ""));
}

/** Put what is chosen into the control. */
function hold() {
  const files = new DataTransfer();
  for (const file of chosen.keys()) files.items.add(file);
  input.files = files.files;
  drop.toggleAttribute("data-filled", chosen.size > 0);
  check();
}

function leaveOut(file) {
  const item = chosen.get(file);
  const next = item.nextElementSibling ?? item.previousElementSibling;
  URL.revokeObjectURL(item.querySelector("img").src);
  item.remove();
  chosen.delete(file);
  hold();
  (next?.querySelector("button") ?? input).focus();
}

/** Add files to those that are chosen already; the same one twice is one. */
function add(files) {
  const same = (a, b) => a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
  for (const file of files) {
    if ([...chosen.keys()].some((known) => same(known, file))) continue;
    const item = place(file);
    chosen.set(file, item);
    list.append(item);
  }
  hold();
  if (input.validity.valid && files.length) say(fill(drop.dataset.chosen, { count: chosen.size }));
}

input.addEventListener("change", () => add(input.files));
camera.addEventListener("change", () => add(camera.files));
addEventListener("pageshow", () => add(input.files)); // the browser may have kept the choice

addEventListener("paste", ({ clipboardData }) => add(clipboardData.files));
addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  drop.dataset.over = "";
});
addEventListener("dragleave", ({ relatedTarget }) => {
  if (!relatedTarget) delete drop.dataset.over;
});
addEventListener("drop", (event) => {
  delete drop.dataset.over;
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  add(event.dataTransfer.files);
});
