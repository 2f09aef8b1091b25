// What a person's hints add to the guess: `coloring/touch_up.py`, number for number. What belongs
// to a place alone is kept, so that another colour at it costs little and a new hint only its own.

import { chromaOf, fitChroma, joinChroma, hexOf, levelsOf } from "./colors.js";
import { measureDistance, measureSteps } from "./geodesic.js";
import { blur, resizeSquare } from "./planes.js";
import { solveWithRidge } from "./solve.js";

export const SIDE = 256;
const PATCH = 3;
const BLUR = 2.5;
const LUMA_STEP = 8;
const CHROMA_STEP = 20;
const NEAR = [13.3, 0.667, 0.182];
const RIDGE = 0.005;
const REACH = [3.66, 0.442, 0.204];
const [CORRECTION, SHORTEST, LONGEST] = [0.1, 0.7, 1.3];
const USUAL_RADIUS = 0.3;
const [EVEN, EVEN_GREY] = [0.5, 1];

const KEPT = 96; // half a megabyte each: those of a full list, and of some steps back

/** Two hints nearer than this, in both directions, speak of one place: the later one counts. */
export const APART = (2 * PATCH + 1) / SIDE;

export class Square {
  /**
   * @param {{side: number, luma: Uint8Array, u: Float32Array, v: Float32Array}} guess
   *   what the generator guessed, of any side
   * @param {number} width of the upright photo
   * @param {number} height of it
   */
  constructor(guess, width, height) {
    this.size = [width, height];
    this.luma = resizeSquare(guess.luma, guess.side, SIDE).map((level) => level / 255);
    this.u = resizeSquare(guess.u, guess.side, SIDE);
    this.v = resizeSquare(guess.v, guess.side, SIDE);
    this.blurred = blur(this.luma, SIDE, BLUR);
    const features = [
      this.blurred.map((value) => LUMA_STEP * value),
      this.u.map((value) => CHROMA_STEP * value),
      this.v.map((value) => CHROMA_STEP * value),
    ];
    const shape = Math.sqrt(width / height);
    this.steps = measureSteps(features, SIDE, shape / SIDE, 1 / shape / SIDE);
    this.places = new Map();
    this.spots = new Map();
  }

  /** Give the colour that a place will show for a hint, at the luma it has. */
  shownColor(hint) {
    const { luma, guess } = this.placeOf(hint);
    const change = changeOf(hint, luma, guess);
    return hexOf(joinChroma(luma, [guess[0] + change[0], guess[1] + change[1]]));
  }

  /** Tell how much a hint may change each pixel of the square, 0 to 1, without the others. */
  reachOf(hint) {
    return this.spotOf(hint).reached;
  }

  /** Find what is to be added to the guess: U and V, each a plane. */
  interpolate(hints) {
    const spots = latest(hints).map((hint) => this.spotOf(hint));
    const factors = this.factorsOf(spots);
    const u = new Float32Array(SIDE * SIDE);
    const v = new Float32Array(SIDE * SIDE);
    const even = new Float32Array(SIDE * SIDE);
    const bounds = Array.from({ length: 4 }, () => new Float32Array(SIDE * SIDE));
    const [leastU, mostU, leastV, mostV] = bounds;
    spots.forEach((spot, number) => {
      const [forU, forV, forEven] = factors[number];
      const { influence, reached, even: evenly } = spot;
      const [guessU, guessV] = spot.guess;
      const [toU, toV] = spot.change;
      for (let at = 0; at < u.length; at++) {
        u[at] += influence[at] * forU;
        v[at] += influence[at] * forV;
        even[at] += influence[at] * forEven;
        const changeU = reached[at] * (toU + evenly * (guessU - this.u[at]));
        const changeV = reached[at] * (toV + evenly * (guessV - this.v[at]));
        if (changeU < leastU[at]) leastU[at] = changeU;
        else if (changeU > mostU[at]) mostU[at] = changeU;
        if (changeV < leastV[at]) leastV[at] = changeV;
        else if (changeV > mostV[at]) mostV[at] = changeV;
      }
    });
    for (let at = 0; at < u.length; at++) {
      u[at] = Math.min(mostU[at], Math.max(leastU[at], u[at] - even[at] * this.u[at]));
      v[at] = Math.min(mostV[at], Math.max(leastV[at], v[at] - even[at] * this.v[at]));
    }
    return { u, v };
  }

  factorsOf(spots) {
    if (!spots.length) return [];
    const atPatches = spots.map(({ patch }) => spots.map((of) => meanOver(of.influence, patch)));
    const wanted = spots.map(({ change, guess, even }) => [
      change[0] + even * guess[0],
      change[1] + even * guess[1],
      even,
    ]);
    return solveWithRidge(atPatches, wanted, RIDGE);
  }

  /** Find what a hint means on the square. */
  spotOf(hint) {
    const { x, y, color, radius } = hint;
    return keep(this.spots, [x, y, color, radius].join(), () => this.measureSpot(hint));
  }

  measureSpot(hint) {
    const place = this.placeOf(hint);
    const { luma, guess } = place;
    const change = changeOf(hint, luma, guess);
    const isGrey = /^#(..)\1\1$/i.test(hint.color);
    const zone = this.zoneOf(hint);
    return {
      ...place,
      change,
      even: hint.color === null ? 0 : isGrey ? EVEN_GREY : EVEN,
      influence: zone ? place.influence.map((value, at) => value * zone[at]) : place.influence,
      reached: reachedBy(change, hint.radius, place.apart, zone),
    };
  }

  /** Find what belongs to the place of a hint, whatever is said of it. */
  placeOf(hint) {
    const bounded = (share) =>
      Math.min(SIDE - 1 - PATCH, Math.max(PATCH, Math.trunc(share * SIDE)));
    const column = bounded(hint.x);
    const row = bounded(hint.y);
    return keep(this.places, row * SIDE + column, () => this.measurePlace(column, row));
  }

  measurePlace(column, row) {
    const patch = this.patchAt(column, row);
    const distance = measureDistance(this.steps, patch);
    const blurred = meanOver(this.blurred, patch);
    const guess = [meanOver(this.u, patch), meanOver(this.v, patch)];
    const influence = new Float32Array(SIDE * SIDE);
    const apart = new Float32Array(SIDE * SIDE);
    for (let at = 0; at < influence.length; at++) {
      const way = distance[at] ** 2;
      const luma = (this.blurred[at] - blurred) ** 2;
      const chroma = (guess[0] - this.u[at]) ** 2 + (guess[1] - this.v[at]) ** 2;
      influence[at] = Math.exp(-Math.sqrt(weigh(way, luma, chroma, NEAR)));
      apart[at] = weigh(way, luma, chroma, REACH);
    }
    return { patch, luma: meanOver(this.luma, patch), guess, influence, apart };
  }

  /** Find the pixels that a hint speaks of: the half around it that is nearest to it in luma. */
  patchAt(column, row) {
    const around = (reach) => {
      const places = [];
      for (let y = row - reach; y <= row + reach; y++) {
        for (let x = column - reach; x <= column + reach; x++) places.push(y * SIDE + x);
      }
      return places;
    };
    const middle = meanOver(this.luma, around(1));
    const places = around(PATCH);
    const difference = (at) => Math.abs(this.luma[at] - middle);
    const differences = places.map(difference).sort((one, other) => one - other);
    const median = differences[(differences.length - 1) / 2];
    return places.filter((at) => difference(at) <= median);
  }

  /** Tell how much of a hint its radius leaves: half at the radius itself; null: all everywhere. */
  zoneOf({ x, y, radius }) {
    if (radius === null || radius >= 1) return null;
    const longest = Math.max(...this.size);
    const ways = (place, length) =>
      Float64Array.from({ length: SIDE }, (_, at) => {
        return (((place - (at + 0.5) / SIDE) * length) / longest / radius) ** 2;
      });
    const across = ways(x, this.size[0]);
    const down = ways(y, this.size[1]);
    const zone = new Float32Array(SIDE * SIDE);
    for (let at = 0; at < zone.length; at++) {
      zone[at] = 0.5 ** ((across[at % SIDE] + down[Math.trunc(at / SIDE)]) ** 3);
    }
    return zone;
  }
}

/** Tell what U and V are to change where a hint is. */
function changeOf({ color }, luma, guess) {
  if (color === null) return [0, 0];
  const said = fitChroma(luma, chromaOf(levelsOf(color)));
  return [said[0] - guess[0], said[1] - guess[1]];
}

/** Tell how much of a change is left at each pixel. */
function reachedBy(change, radius, apart, zone) {
  const size = Math.max(Math.hypot(...change), 1e-6);
  let reach = Math.min(LONGEST, Math.max(SHORTEST, CORRECTION / size));
  if (radius !== null) reach = radius >= 1 ? Infinity : reach * Math.max(1, radius / USUAL_RADIUS);
  const reached = new Float32Array(apart.length);
  for (let at = 0; at < reached.length; at++) {
    const scaled = apart[at] / reach ** 2;
    reached[at] = Math.exp(-scaled * Math.sqrt(scaled));
    if (zone) reached[at] *= zone[at];
  }
  return reached;
}

/** Take from a map what was made before, or make it; what hasn't been used for longest goes. */
function keep(map, key, make) {
  const value = map.get(key) ?? make();
  map.delete(key); // A map has in the first place what was set longest ago.
  map.set(key, value);
  if (map.size > KEPT) map.delete(map.keys().next().value);
  return value;
}

/** Leave out hints that a later one takes the place of. */
export function latest(hints) {
  const apart = (one, other) =>
    Math.max(Math.abs(one.x - other.x), Math.abs(one.y - other.y)) >= APART;
  return hints.filter((hint, number) => hints.slice(number + 1).every((o) => apart(hint, o)));
}

function weigh(way, luma, chroma, units) {
  return way / units[0] ** 2 + luma / units[1] ** 2 + chroma / units[2] ** 2;
}

function meanOver(plane, places) {
  let sum = 0;
  for (const at of places) sum += plane[at];
  return sum / places.length;
}
