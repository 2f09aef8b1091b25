// The picture as it is with the hints: live out of the worker, and once the hand rests the
// server's own, which is sharper and what will be downloaded.

const LIVE_PIXELS = 1e6; // painted at once, at most
const RESTING = 400; // ms

const [image, canvas, guessed] = ["image", "canvas", "guessed"].map((name) =>
  document.getElementById(`touch-${name}`),
);

/** Whether the picture is as wanted: “wanted” while it isn't, then “live”, then “settled”. */
const state = document.getElementById("touch").dataset;

/** Load a picture. */
async function fetched(address) {
  const loaded = new Image();
  loaded.src = address;
  await loaded.decode();
  return loaded;
}

export class Picture {
  #data;
  #engine;
  #wanted = [];
  #painted;
  #isPainting = false;
  #timer;
  #request = new AbortController();

  constructor(data, engine) {
    this.#data = data;
    this.#engine = engine;
  }

  /**
   * Get ready to paint. A photo with a profile of its own is left to the server, which alone can
   * convert its colours; so is one whose guess can't be had.
   */
  async load() {
    const { width, height, strength, srgb, to } = this.#data;
    guessed.src = this.#data.guess_preview;
    if (!srgb) return;
    const [guess, before] = await Promise.all([fetch(to.guess), fetched(this.#data.luma_preview)]);
    if (!guess.ok) return;
    const buffer = await guess.arrayBuffer();
    const { naturalWidth, naturalHeight } = before;
    const shown = image.clientWidth * devicePixelRatio;
    const most = Math.sqrt(LIVE_PIXELS / (naturalWidth * naturalHeight));
    const scale = Math.min(1, most, shown / naturalWidth || 1);
    canvas.width = Math.max(1, Math.round(naturalWidth * scale));
    canvas.height = Math.max(1, Math.round(naturalHeight * scale));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    context.drawImage(before, 0, 0, canvas.width, canvas.height);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    await this.#engine.ask("begin", { buffer, width, height }, [buffer]);
    await this.#engine.ask("usePicture", { before: pixels, strength: strength / 100 });
    // What takes its time once, as ways around edges do, is over before the first click.
    await this.#engine.ask("paint", { hints: this.#data.hints });
    this.#engine.isReady = true;
    if (state.picture === "wanted") this.#paint();
  }

  /** Show the picture with these hints. */
  show(hints) {
    this.#wanted = hints;
    this.#request.abort();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#rest(), RESTING);
    state.picture = "wanted";
    if (this.#engine.isReady) this.#paint();
  }

  /** Show the guess instead, or no longer. */
  showWithout(isWanted) {
    guessed.hidden = !isWanted;
  }

  /** Give the colour that is seen at a place, as levels. */
  levelsAt({ x, y }) {
    const shown = canvas.hidden ? image : canvas;
    const [width, height] = [shown.naturalWidth ?? shown.width, shown.naturalHeight ?? shown.height];
    const one = new OffscreenCanvas(1, 1).getContext("2d");
    const left = Math.min(width - 3, Math.max(0, Math.round(x * width) - 1));
    const top = Math.min(height - 3, Math.max(0, Math.round(y * height) - 1));
    one.drawImage(shown, left, top, 3, 3, 0, 0, 1, 1);
    return one.getImageData(0, 0, 1, 1).data.slice(0, 3);
  }

  /** Paint until what is wanted is there; what was wanted meanwhile is passed over. */
  async #paint() {
    if (this.#isPainting) return;
    this.#isPainting = true;
    while (this.#painted !== this.#wanted) {
      const hints = this.#wanted;
      const pixels = await this.#engine.ask("paint", { hints });
      canvas.getContext("2d").putImageData(pixels, 0, 0);
      this.#painted = hints;
      if (state.picture === "settled") continue; // The server's was quicker.
      canvas.hidden = false;
      if (hints === this.#wanted) state.picture = "live";
    }
    this.#isPainting = false;
  }

  /** Show the server's own picture. */
  async #rest() {
    const hints = this.#wanted;
    this.#request = new AbortController();
    const { signal } = this.#request;
    const body = JSON.stringify({ hints, strength: this.#data.strength });
    const headers = {
      "Content-Type": "application/json",
      "X-CSRFToken": document.querySelector("input[name=csrf_token]").value,
    };
    try {
      const response = await fetch(this.#data.to.preview, { method: "POST", body, headers, signal });
      if (!response.ok) return;
      const address = URL.createObjectURL(await response.blob());
      await fetched(address);
      if (hints !== this.#wanted) return URL.revokeObjectURL(address);
      if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
      image.src = address;
      await image.decode();
      if (hints !== this.#wanted) return;
      canvas.hidden = true;
      state.picture = "settled";
    } catch (error) {
      // Another hint has come, or the network is away: the live picture stays.
      if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
    }
  }
}
