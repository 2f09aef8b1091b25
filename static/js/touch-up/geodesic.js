// How far it is from a place in a picture to every other, along ways that avoid its edges: the
// same sweeps over rows, in the same order, as `coloring/geodesic.py`.

const ROUNDS = 2;

/**
 * Measure the steps between neighbouring pixels of a square.
 *
 * `features` are planes that make an edge where they change; `across` and `down` are how long a
 * step is in the plane. What comes back is all that `measureDistance` needs of the picture.
 */
export function measureSteps(features, side, across, down) {
  const lengths = (count, one, other, square) => {
    const steps = new Float32Array(count * side);
    for (let y = 0; y < count; y++) {
      for (let x = 0; x < side; x++) {
        let sum = square;
        for (const plane of features) sum += (plane[other(x, y)] - plane[one(x, y)]) ** 2;
        steps[y * side + x] = Math.sqrt(sum);
      }
    }
    return steps;
  };
  const at = (x, y) => y * side + Math.min(side - 1, x);
  const right = lengths(side, at, (x, y) => at(x + 1, y), across ** 2);
  const below = lengths(side - 1, at, (x, y) => at(x, y + 1), down ** 2);
  const slanted = across ** 2 + down ** 2;
  const falling = lengths(side - 1, at, (x, y) => at(x + 1, y + 1), slanted);
  const rising = lengths(side - 1, (x, y) => at(x, y + 1), (x, y) => at(x + 1, y), slanted);
  return { side, right, below, falling, rising };
}

/** Measure the distance of every pixel of a square from a set of pixels, given by their places. */
export function measureDistance(steps, seeds) {
  const { side, below, falling, rising } = steps;
  const distance = new Float32Array(side * side).fill(Infinity);
  for (const seed of seeds) distance[seed] = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (let y = 0; y < side; y++) {
      const beside = (y - 1) * side;
      if (y) enter(distance, side, y * side, beside, beside, below, falling, rising);
      spread(distance, steps, y * side);
    }
    for (let y = side - 2; y >= 0; y--) {
      enter(distance, side, y * side, (y + 1) * side, y * side, below, rising, falling);
      spread(distance, steps, y * side);
    }
  }
  return distance;
}

/** Shorten a row's distances by the steps out of a neighbouring row; each argument is a row's begin. */
function enter(distance, side, row, neighbour, step, straight, rightwards, leftwards) {
  for (let x = 0; x < side; x++) {
    let least = Math.min(distance[row + x], distance[neighbour + x] + straight[step + x]);
    if (x) least = Math.min(least, distance[neighbour + x - 1] + rightwards[step + x - 1]);
    if (x < side - 1) least = Math.min(least, distance[neighbour + x + 1] + leftwards[step + x]);
    distance[row + x] = least;
  }
}

/** Shorten a row's distances by the ways along the row, in both directions. */
function spread(distance, { side, right }, row) {
  for (let x = row + 1; x < row + side; x++) {
    distance[x] = Math.min(distance[x], distance[x - 1] + right[x - 1]);
  }
  for (let x = row + side - 2; x >= row; x--) {
    distance[x] = Math.min(distance[x], distance[x + 1] + right[x]);
  }
}
