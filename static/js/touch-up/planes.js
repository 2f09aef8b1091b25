// Planes of numbers, row after row: resized as Pillow does it, blurred, averaged.

const FILTERS = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    at(way) {
      const x = Math.abs(way);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
    },
  },
};

/**
 * Find how Pillow makes `to` pixels of `from`: for each, the first one it is made of, how many,
 * and their weights, `width` places a pixel (`precompute_coeffs` in its src/libImaging/Resample.c).
 */
export function weightsFor(from, to, filter) {
  const { support, at } = FILTERS[filter];
  const scale = from / to;
  const spread = Math.max(1, scale);
  const width = Math.ceil(support * spread) * 2 + 4; // three beyond, which stay 0
  const firsts = new Int32Array(to);
  const counts = new Int32Array(to);
  const weights = new Float64Array(to * width);
  for (let pixel = 0; pixel < to; pixel++) {
    const centre = (pixel + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support * spread + 0.5));
    const last = Math.min(from, Math.trunc(centre + support * spread + 0.5));
    let sum = 0;
    for (let x = first; x < last; x++) {
      const weight = at((x - centre + 0.5) / spread);
      weights[pixel * width + x - first] = weight;
      sum += weight;
    }
    for (let place = 0; place < last - first; place++) weights[pixel * width + place] /= sum;
    firsts[pixel] = first;
    counts[pixel] = last - first;
  }
  return { firsts, counts, weights, width };
}

/** Resize the rows of a plane to another length: from (height, from) to (height, to). */
function resizeRows(plane, height, from, { firsts, counts, weights, width }) {
  const to = firsts.length;
  const resized = new Float32Array(height * to);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < to; x++) {
      const first = y * from + firsts[x];
      let sum = 0;
      for (let place = 0; place < counts[x]; place++) {
        sum += weights[x * width + place] * plane[first + place];
      }
      resized[y * to + x] = sum;
    }
  }
  return resized;
}

/** Do the same with four planes at once, which lie pixel by pixel side by side as colours do. */
export function resizeRowsOfFour(planes, height, from, { firsts, counts, weights, width }) {
  const to = firsts.length;
  const resized = new Float32Array(height * to * 4);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < to; x++, at += 4) {
      const end = x * width + counts[x];
      let read = (y * from + firsts[x]) * 4;
      let one = 0;
      let two = 0;
      let three = 0;
      let four = 0;
      for (let place = x * width; place < end; place++, read += 4) {
        const weight = weights[place];
        one += weight * planes[read];
        two += weight * planes[read + 1];
        three += weight * planes[read + 2];
        four += weight * planes[read + 3];
      }
      resized[at] = one;
      resized[at + 1] = two;
      resized[at + 2] = three;
      resized[at + 3] = four;
    }
  }
  return resized;
}

/** Make one row of what planes are with their columns resized; `row` takes it. */
export function resizeToRow(planes, y, { firsts, counts, weights, width }, row) {
  const length = row.length;
  const last = firsts[y] + counts[y] - 1;
  row.fill(0);
  for (let place = 0; place < counts[y]; place += 4) {
    // Four rows at a time; beyond the last one the weights are 0.
    const [a, b, c, d] = weights.subarray(y * width + place);
    const [one, two, three, four] = [0, 1, 2, 3].map(
      (next) => Math.min(last, firsts[y] + place + next) * length,
    );
    for (let x = 0; x < length; x++) {
      row[x] += a * planes[one + x] + b * planes[two + x] + c * planes[three + x] + d * planes[four + x];
    }
  }
}

function resizeColumns(plane, length, matrix) {
  const to = matrix.firsts.length;
  const resized = new Float32Array(to * length);
  for (let y = 0; y < to; y++) {
    resizeToRow(plane, y, matrix, resized.subarray(y * length, (y + 1) * length));
  }
  return resized;
}

/** Resize a square plane, by the mean of an area where it becomes smaller. */
export function resizeSquare(plane, from, to) {
  if (from === to) return Float32Array.from(plane);
  const weights = weightsFor(from, to, "bilinear");
  return resizeColumns(resizeRows(plane, from, from, weights), to, weights);
}

/** Blur a square plane; the weights of each pixel sum up to 1 at the border too. */
export function blur(plane, side, deviation) {
  const reach = Math.ceil(deviation * 6);
  const width = 2 * reach + 4;
  const firsts = new Int32Array(side);
  const counts = new Int32Array(side);
  const weights = new Float64Array(side * width);
  for (let pixel = 0; pixel < side; pixel++) {
    const first = Math.max(0, pixel - reach);
    const last = Math.min(side, pixel + reach + 1);
    let sum = 0;
    for (let x = first; x < last; x++) {
      const weight = Math.exp(-0.5 * ((x - pixel) / deviation) ** 2);
      weights[pixel * width + x - first] = weight;
      sum += weight;
    }
    for (let place = 0; place < last - first; place++) weights[pixel * width + place] /= sum;
    firsts[pixel] = first;
    counts[pixel] = last - first;
  }
  const matrix = { firsts, counts, weights, width };
  return resizeColumns(resizeRows(plane, side, side, matrix), side, matrix);
}

/** Take the mean of each pixel of a square and the eight around it, mirrored at the border. */
export function meanAround(plane, side) {
  const mirrored = (at) => (at < 0 ? 1 : at >= side ? side - 2 : at) * side;
  const means = new Float32Array(side * side);
  const sums = new Float32Array(side + 2); // of three rows, with a margin at each end
  for (let y = 0; y < side; y++) {
    const row = y * side;
    const above = mirrored(y - 1);
    const below = mirrored(y + 1);
    for (let x = 0; x < side; x++) {
      sums[x + 1] = plane[above + x] + plane[row + x] + plane[below + x];
    }
    sums[0] = sums[2];
    sums[side + 1] = sums[side - 1];
    for (let x = 0; x < side; x++) means[row + x] = (sums[x] + sums[x + 1] + sums[x + 2]) / 9;
  }
  return means;
}
