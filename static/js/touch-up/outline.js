// The outline of what a hint reaches, as the path of an SVG.

import { SIDE } from "./field.js";

/**
 * Follow a level in a square plane: a line through each cell of four pixels that it crosses.
 * Coordinates are pixels of the square; what lies beyond its border counts as outside.
 */
export function outlineOf(plane, side, level) {
  const at = (x, y) => (x < 0 || y < 0 || x >= side || y >= side ? 0 : plane[y * side + x]);
  const lines = [];
  const shorten = (value) => Math.min(side, Math.max(0, value + 0.5)).toFixed(1);
  for (let y = -1; y < side; y++) {
    for (let x = -1; x < side; x++) {
      const corners = [at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1)];
      const inside = corners.map((value) => value >= level);
      if (inside.every(Boolean) || !inside.some(Boolean)) continue;
      const crossings = [];
      for (let edge = 0; edge < 4; edge++) {
        const next = (edge + 1) % 4;
        if (inside[edge] === inside[next]) continue;
        const share = (level - corners[edge]) / (corners[next] - corners[edge]);
        const [fromX, fromY] = CORNERS[edge];
        const [toX, toY] = CORNERS[next];
        crossings.push([x + fromX + share * (toX - fromX), y + fromY + share * (toY - fromY)]);
      }
      for (let pair = 0; pair < crossings.length; pair += 2) {
        const [[fromX, fromY], [toX, toY]] = crossings.slice(pair, pair + 2);
        lines.push(`M${shorten(fromX)} ${shorten(fromY)}L${shorten(toX)} ${shorten(toY)}`);
      }
    }
  }
  return lines.join("");
}

const CORNERS = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];

const lines = document.querySelectorAll("#touch-outline path");
const LEVEL = 0.5;

export class Outline {
  #engine;
  #asked = 0;

  constructor(engine) {
    this.#engine = engine;
  }

  /** Show what a hint reaches; null shows nothing. */
  async show(hint) {
    const asked = ++this.#asked;
    const reached = hint && this.#engine.isReady && (await this.#engine.ask("findReach", { hint }));
    if (asked !== this.#asked) return; // Another one is pointed at now.
    const path = reached ? outlineOf(reached, SIDE, LEVEL) : "";
    for (const line of lines) line.setAttribute("d", path);
  }
}
