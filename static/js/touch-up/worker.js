// The arithmetic of the live picture, beside the page, so that the page answers meanwhile.

import { SIDE, Square } from "./field.js";
import { Painter } from "./paint.js";
import { resizeSquare } from "./planes.js";

let guess;
let square;
let painter;

/** Read what the generator guessed: luma as bytes, then U and V as 16-bit integers, all planar. */
function readGuess(buffer) {
  const count = buffer.byteLength / 5;
  const view = new DataView(buffer);
  const plane = (first) =>
    Float32Array.from({ length: count }, (_, at) => view.getInt16(first + 2 * at, true) / 32767);
  const luma = new Uint8Array(buffer, 0, count);
  return { side: Math.sqrt(count), luma, u: plane(count), v: plane(3 * count) };
}

const handlers = {
  begin({ buffer, width, height }) {
    guess = readGuess(buffer);
    square = new Square(guess, width, height);
  },

  usePicture({ before, strength }) {
    painter = new Painter(guess.side, guess.luma, before, strength);
  },

  paint({ hints }) {
    const field = square.interpolate(hints);
    const corrected = (plane, change) => {
      const sum = resizeSquare(change, SIDE, guess.side);
      for (let at = 0; at < sum.length; at++) sum[at] += plane[at];
      return sum;
    };
    const chroma = { u: corrected(guess.u, field.u), v: corrected(guess.v, field.v) };
    const { width, height } = painter.before;
    return new ImageData(painter.paint(chroma), width, height);
  },

  showColors({ hints }) {
    return hints.map((hint) => square.shownColor(hint));
  },

  findReach({ hint }) {
    return square.reachOf(hint);
  },
};

addEventListener("message", ({ data: { number, name, values } }) => {
  const result = handlers[name](values);
  const moved = result instanceof ImageData ? [result.data.buffer] : [];
  postMessage({ number, result }, moved);
});
