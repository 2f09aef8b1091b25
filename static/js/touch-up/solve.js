// Linear equations with a ridge on the singular values, none of which is negative.

const SWEEPS = 30; // far more than are needed
const EXACT = 1e-12;

/**
 * Solve `matrix` · x = `wanted` for several right-hand sides at once.
 *
 * The singular values come from one-sided rotations (Hestenes, 1958), which turn pairs of columns
 * until all are at right angles. `matrix` is a list of rows, `wanted` one row an equation.
 */
export function solveWithRidge(matrix, wanted, ridge) {
  const count = matrix.length;
  const column = (rows, at) => Float64Array.from(rows, (row) => row[at]);
  const turned = matrix.map((_, at) => column(matrix, at));
  const right = matrix.map((_, at) => Float64Array.from(matrix, (_row, y) => Number(y === at)));
  for (let sweep = 0, moving = true; moving && sweep < SWEEPS; sweep++) {
    moving = false;
    for (let one = 0; one < count; one++) {
      for (let other = one + 1; other < count; other++) {
        const product = dot(turned[one], turned[other]);
        const [p, q] = [dot(turned[one], turned[one]), dot(turned[other], turned[other])];
        if (Math.abs(product) <= EXACT * Math.sqrt(p * q)) continue;
        moving = true;
        const skew = (q - p) / (2 * product);
        const tangent = (skew < 0 ? -1 : 1) / (Math.abs(skew) + Math.hypot(1, skew));
        rotate(turned[one], turned[other], tangent);
        rotate(right[one], right[other], tangent);
      }
    }
  }
  const sides = wanted[0].length;
  const solution = matrix.map(() => new Float64Array(sides));
  for (let at = 0; at < count; at++) {
    const value = Math.sqrt(dot(turned[at], turned[at]));
    if (value < EXACT) continue; // what the equations say nothing of
    for (let side = 0; side < sides; side++) {
      const share = dot(turned[at], column(wanted, side)) / (value * (value + ridge));
      for (let row = 0; row < count; row++) solution[row][side] += right[at][row] * share;
    }
  }
  return solution;
}

function dot(one, other) {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += one[at] * other[at];
  return sum;
}

function rotate(one, other, tangent) {
  const cosine = 1 / Math.hypot(1, tangent);
  const sine = cosine * tangent;
  for (let at = 0; at < one.length; at++) {
    const [a, b] = [one[at], other[at]];
    one[at] = cosine * a - sine * b;
    other[at] = sine * a + cosine * b;
  }
}
