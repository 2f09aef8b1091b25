// At 100% a pixel of the photo is a pixel of the screen. One scroll container moves all pictures,
// and over the enlarged previews lie pieces of the photo itself, fetched for the part in view.

const SETTLED = 150; // ms without scrolling
const PIECE = 2048; // the longest that the server cuts out
const GRID = 256; // pieces begin and end on it, so that a small move needs no others

const viewer = document.getElementById("viewer");
const stage = document.getElementById("stage");
const [fit, full] = viewer.querySelectorAll("input[name=size]");
const photo = { width: Number(viewer.dataset.width), height: Number(viewer.dataset.height) };

let timer;
let wanted;
let coming = [];

/** A pane that is shown; all that are have the same size. */
function pane() {
  return [...viewer.querySelectorAll(".pane")].find((pane) => pane.offsetParent);
}

function setLength(name, length) {
  viewer.style.setProperty(name, `${length}px`);
}

/** Bring the scrolled part of the photo under the panes; centre what is smaller than they are. */
function move() {
  const place = (room, length, scrolled) => {
    const free = room - length / devicePixelRatio;
    const offset = free > 0 ? free / 2 : -scrolled;
    return Math.round(offset * devicePixelRatio) / devicePixelRatio;
  };
  const { clientWidth, clientHeight } = pane();
  setLength("--x", place(clientWidth, photo.width, stage.scrollLeft));
  setLength("--y", place(clientHeight, photo.height, stage.scrollTop));
  clearTimeout(timer);
  timer = setTimeout(sharpen, SETTLED);
}

/** Fetch the visible part in the photo's own pixels; what was still on its way is dropped. */
function sharpen() {
  if (!full.checked) return;
  const { clientWidth, clientHeight } = pane();
  const columns = cut(stage.scrollLeft, clientWidth, photo.width);
  const rows = cut(stage.scrollTop, clientHeight, photo.height);
  const layers = [...viewer.querySelectorAll(".layer")].filter((layer) => layer.offsetParent);
  const now = JSON.stringify([columns, rows, layers.length]);
  if (now === wanted) return;
  wanted = now;
  for (const image of coming) image.removeAttribute("src");
  coming = layers.flatMap((layer) => cover(layer, columns, rows));
}

/** Cut what is visible of a photo's width or height into [begin, length] that the server gives. */
function cut(scrolled, visible, whole) {
  const begin = Math.floor((scrolled * devicePixelRatio) / GRID) * GRID;
  const end = Math.ceil(((scrolled + visible) * devicePixelRatio) / GRID) * GRID;
  const pieces = [];
  for (let at = begin; at < Math.min(end, whole); at += PIECE) {
    pieces.push([at, Math.min(PIECE, Math.min(end, whole) - at)]);
  }
  return pieces;
}

/** Lay pieces over a picture once they are all here; until then the preview stands in. */
function cover(layer, columns, rows) {
  const pieces = rows.flatMap((row) => columns.map((column) => piece(layer, column, row)));
  const lay = () => {
    for (const old of layer.querySelectorAll(".piece")) old.remove();
    layer.append(...pieces);
  };
  Promise.all(pieces.map((image) => image.decode())).then(lay, () => {});
  return pieces;
}

function piece(layer, [left, width], [top, height]) {
  const { version } = layer.dataset; // of the hints
  const query = new URLSearchParams({ left, top, width, height, strength: 100, version });
  const image = new Image();
  image.className = "piece";
  image.alt = "";
  image.draggable = false;
  image.src = `${layer.dataset.region}?${query}`;
  image.style.left = `${(100 * left) / photo.width}%`;
  image.style.top = `${(100 * top) / photo.height}%`;
  image.style.width = `${(100 * width) / photo.width}%`;
  image.style.height = `${(100 * height) / photo.height}%`;
  return image;
}

/** Follow the window and the view. */
function update() {
  setLength("--w", photo.width / devicePixelRatio);
  setLength("--h", photo.height / devicePixelRatio);
  if (full.checked) return move();
  // What is already shown at its own size, or larger, has nothing to zoom to.
  full.disabled = photo.width / devicePixelRatio <= pane().querySelector("canvas").offsetWidth;
}

/** Enter 100% in the middle of the photo, or leave it. */
function resize() {
  if (full.checked) {
    stage.tabIndex = 0;
    stage.role = "region";
    stage.ariaLabel = stage.dataset.label;
    const middle = (content, visible) => (content - visible) / 2;
    stage.scrollLeft = middle(stage.scrollWidth, stage.clientWidth);
    stage.scrollTop = middle(stage.scrollHeight, stage.clientHeight);
  } else {
    for (const name of ["tabindex", "role", "aria-label"]) stage.removeAttribute(name);
  }
  update();
}

/** Let the mouse take hold of the picture; fingers scroll it natively. */
function drag({ target, pointerType, button, pointerId, clientX, clientY }) {
  const isScrollbar = target === stage;
  if (!full.checked || pointerType !== "mouse" || button || isScrollbar) return;
  const x = stage.scrollLeft + clientX;
  const y = stage.scrollTop + clientY;
  const follow = (event) => stage.scrollTo(x - event.clientX, y - event.clientY);
  const letGo = () => stage.removeEventListener("pointermove", follow);
  stage.setPointerCapture(pointerId);
  stage.addEventListener("pointermove", follow);
  stage.addEventListener("lostpointercapture", letGo, { once: true });
}

for (const size of [fit, full]) size.addEventListener("change", resize);
for (const view of viewer.querySelectorAll("input[name=view]")) {
  view.addEventListener("change", update);
}
stage.addEventListener("scroll", () => full.checked && move());
stage.addEventListener("pointerdown", drag);
addEventListener("resize", update);
update();
