// Chroma enlarged under the luma of a picture: `coloring/chroma.py: replace_chroma`.

import { LUMA, U_SCALE, V_SCALE, roomFor } from "./colors.js";
import { meanAround, resizeRowsOfFour, resizeToRow, weightsFor } from "./planes.js";

const EDGE = 0.02; // variance of luma, white being 1

export class Painter {
  /**
   * @param {number} side of the square that chroma is given on
   * @param {Uint8Array} guide the square's luma
   * @param {ImageData} before the photo, as large as it is to be painted
   * @param {number} strength 0 to 1
   */
  constructor(side, guide, before, strength) {
    Object.assign(this, { side, before, strength });
    this.luma = Float32Array.from(guide, (level) => level / 255);
    this.mean = meanAround(this.luma, side);
    const squares = this.luma.map((value) => value * value);
    const variance = meanAround(squares, side).map((value, at) => value - this.mean[at] ** 2);
    this.even = variance.map((value) => 1 / (value + EDGE));
    this.across = weightsFor(side, before.width, "bicubic");
    this.down = weightsFor(side, before.height, "bicubic");
  }

  /** Paint the picture with chroma; give its pixels as `ImageData` has them. */
  paint({ u, v }) {
    const { side, across, down } = this;
    const { width, height, data } = this.before;
    const planes = new Float32Array(4 * side * side);
    this.preparePlane(v, V_SCALE, planes, 0);
    this.preparePlane(u, U_SCALE, planes, 2);
    const wide = resizeRowsOfFour(planes, side, side, across);
    const painted = new Uint8ClampedArray(data.length);
    const row = new Float32Array(4 * width);
    for (let y = 0; y < height; y++) {
      resizeToRow(wide, y, down, row);
      this.mergeRow(row, data, painted, y * width * 4);
    }
    return painted;
  }

  /**
   * Split a plane of chroma into what is enlarged as it is, and how it goes with the luma around
   * each pixel: enlarged too, and multiplied by the picture's own luma, it follows its edges.
   */
  preparePlane(plane, scale, planes, first) {
    const { side, luma, mean, even } = this;
    const count = side * side;
    const colour = new Float32Array(count);
    const product = new Float32Array(count);
    for (let at = 0; at < count; at++) {
      colour[at] = plane[at] / scale;
      product[at] = colour[at] * luma[at];
    }
    const covariance = meanAround(product, side);
    const around = meanAround(colour, side);
    for (let at = 0; at < count; at++) {
      covariance[at] = (covariance[at] - around[at] * mean[at]) * even[at];
    }
    const slope = meanAround(covariance, side);
    for (let at = 0, to = first; at < count; at++, to += 4) {
      planes[to] = (colour[at] - slope[at] * luma[at]) * 255;
      planes[to + 1] = slope[at];
    }
  }

  mergeRow(row, data, painted, begin) {
    const { strength } = this;
    const [ofRed, ofGreen, ofBlue] = LUMA;
    for (let x = 0, at = begin; x < row.length; x += 4, at += 4) {
      const luma = ofRed * data[at] + ofGreen * data[at + 1] + ofBlue * data[at + 2];
      const red = row[x] + row[x + 1] * luma;
      const blue = row[x + 2] + row[x + 3] * luma;
      const green = (ofRed * red + ofBlue * blue) / -ofGreen;
      const paleness = roomFor(red, green, blue, luma, 255);
      painted[at] = data[at] + strength * (luma + red * paleness - data[at]);
      painted[at + 1] = data[at + 1] + strength * (luma + green * paleness - data[at + 1]);
      painted[at + 2] = data[at + 2] + strength * (luma + blue * paleness - data[at + 2]);
      painted[at + 3] = data[at + 3];
    }
  }
}
