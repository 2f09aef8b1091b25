// Choosing a photo: by the control, by dropping it anywhere, by pasting; looked at before it is sent.

import { fill, say } from "./text.js";

const drop = document.getElementById("drop");
const input = drop.querySelector("input");
const empty = document.getElementById("drop-empty");
const chosen = document.getElementById("drop-chosen");
const picture = chosen.querySelector("img");
const [name, note] = chosen.querySelectorAll("p");
const { megabytes, megapixels } = drop.dataset;
const suffixes = input.accept.split(",").filter((part) => part.startsWith("."));

/** Say what is wrong with the chosen file, and keep it from being sent. */
function refuse(sentence) {
  input.setCustomValidity(sentence);
  note.textContent = sentence;
  say(sentence);
}

/** Tell whether a file may be a picture: not every system knows TIFF or JPEG 2000 for one. */
function mayBePicture(file) {
  const name = file.name.toLowerCase();
  return file.type.startsWith("image/") || suffixes.some((suffix) => name.endsWith(suffix));
}

/** Show the chosen file and look whether the server would take it. */
function show() {
  const [file] = input.files;
  URL.revokeObjectURL(picture.src);
  picture.removeAttribute("src");
  input.setCustomValidity("");
  empty.hidden = Boolean(file);
  chosen.hidden = !file;
  if (!file) return;

  const size = Math.max(0.1, file.size / 1e6);
  name.textContent = file.name;
  note.textContent = `${size.toFixed(1)} MB`;
  if (!mayBePicture(file)) return refuse(drop.dataset.kind);
  picture.src = URL.createObjectURL(file);
  if (size > megabytes) {
    return refuse(fill(drop.dataset.bytes, { size: size.toFixed(1), limit: megabytes }));
  }
  say(fill(drop.dataset.chosen, { name: file.name }));
}

picture.addEventListener("load", () => {
  const size = (picture.naturalWidth * picture.naturalHeight) / 1e6;
  if (input.validity.customError) return;
  note.textContent += ` · ${picture.naturalWidth} × ${picture.naturalHeight}`;
  if (size > megapixels) {
    refuse(fill(drop.dataset.pixels, { size: size.toFixed(1), limit: megapixels }));
  }
});

// The server has the last word on what can't be shown here.
picture.addEventListener("error", () => picture.removeAttribute("src"));

/** Take the first of the files that were dropped or pasted. */
function take(files) {
  if (!files.length) return;
  const first = new DataTransfer();
  first.items.add(files[0]);
  input.files = first.files;
  show();
  if (files.length > 1 && !input.validity.customError) note.textContent = drop.dataset.several;
}

input.addEventListener("change", show);
addEventListener("pageshow", show); // the browser may have kept the choice

addEventListener("paste", ({ clipboardData }) => take(clipboardData.files));
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
  take(event.dataTransfer.files);
});
