// At 100% a pixel of the photo is a pixel of the screen. The stage scrolls; over the picture lie
// pieces of the saved result, fetched for the part in view.

const SETTLED = 150; // ms without scrolling
const PIECE = 1024; // pixels of a piece's side: pieces begin on multiples of it

const [stage, picture, pieces] = ["stage", "picture", "pieces"].map((name) =>
  document.getElementById(`touch-${name}`),
);
const [fit, full] = document.querySelectorAll("input[name=touch-size]");

export class Full {
  #data;
  #version;
  #timer;

  constructor(data) {
    this.#data = data;
    const follow = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#sharpen(), SETTLED);
    };
    for (const size of [fit, full]) size.addEventListener("change", () => this.#resize());
    stage.addEventListener("scroll", follow);
    addEventListener("resize", () => {
      this.#measure();
      follow();
    });
    this.#measure();
  }

  /** Take the pieces away: they show what was before. */
  clear() {
    this.#version = null;
    pieces.replaceChildren();
  }

  /** Show the pieces of the result that was saved under this version. */
  show(version) {
    if (version !== this.#version) this.clear();
    this.#version = version;
    this.#sharpen();
  }

  /** Let the mouse take hold of the picture; fingers scroll it natively. */
  drag({ target, pointerType, button, pointerId, clientX, clientY }) {
    if (!full.checked || pointerType !== "mouse" || button) return;
    const x = stage.scrollLeft + clientX;
    const y = stage.scrollTop + clientY;
    const follow = (event) => stage.scrollTo(x - event.clientX, y - event.clientY);
    target.setPointerCapture(pointerId);
    target.addEventListener("pointermove", follow);
    target.addEventListener(
      "lostpointercapture",
      () => target.removeEventListener("pointermove", follow),
      { once: true },
    );
  }

  #measure() {
    const { width, height } = this.#data;
    picture.style.setProperty("--full-w", `${width / devicePixelRatio}px`);
    picture.style.setProperty("--full-h", `${height / devicePixelRatio}px`);
    if (!full.checked) full.disabled = width / devicePixelRatio <= picture.offsetWidth;
  }

  /** Enter 100% where the picture was looked at, or leave it. */
  #resize() {
    stage.toggleAttribute("data-full", full.checked);
    stage.scrollLeft = (stage.scrollWidth - stage.clientWidth) / 2;
    stage.scrollTop = (stage.scrollHeight - stage.clientHeight) / 2;
    this.#measure();
    this.#sharpen();
  }

  #sharpen() {
    if (!full.checked || this.#version === null) return;
    const { width, height, to } = this.#data;
    const ratio = devicePixelRatio;
    const last = (begin, length) => Math.ceil(((begin + length) * ratio) / PIECE);
    const columns = last(stage.scrollLeft, Math.min(stage.clientWidth, width / ratio));
    const rows = last(stage.scrollTop, Math.min(stage.clientHeight, height / ratio));
    for (let row = Math.floor((stage.scrollTop * ratio) / PIECE); row < rows; row++) {
      for (let column = Math.floor((stage.scrollLeft * ratio) / PIECE); column < columns; column++) {
        const box = { left: column * PIECE, top: row * PIECE };
        box.width = Math.min(PIECE, width - box.left);
        box.height = Math.min(PIECE, height - box.top);
        if (box.width > 0 && box.height > 0) this.#lay(to.region, box);
      }
    }
  }

  #lay(region, box) {
    const version = this.#version;
    const query = new URLSearchParams({ ...box, strength: this.#data.strength, version });
    const address = `${region}?${query}`;
    if (pieces.querySelector(`[data-of="${CSS.escape(address)}"]`)) return;
    const image = new Image();
    image.alt = "";
    image.draggable = false;
    image.dataset.of = address;
    image.src = address;
    image.style.left = `${(100 * box.left) / this.#data.width}%`;
    image.style.top = `${(100 * box.top) / this.#data.height}%`;
    image.style.width = `${(100 * box.width) / this.#data.width}%`;
    image.style.height = `${(100 * box.height) / this.#data.height}%`;
    image.hidden = true; // until it is there: what is below shows the photo meanwhile
    pieces.append(image);
    image.decode().then(
      () => (image.hidden = false),
      () => image.remove(),
    );
  }
}
