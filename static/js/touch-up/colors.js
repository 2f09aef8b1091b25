// Luma and chroma of colours, as `coloring/chroma.py` has them: every number is the server's.

/** ITU-R BT.601: the shares of red, green and blue in the luma. */
export const LUMA = [0.299, 0.587, 0.114];

/** What U and V are of blue's and of red's difference from the luma. */
export const U_SCALE = 0.492;
export const V_SCALE = 0.877;

/** Give the levels, 0 to 255, of a colour as `#7a1f1f`. */
export function levelsOf(color) {
  return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
}

/** Write levels, 0 to 255, as `#7a1f1f`. */
export function hexOf(levels) {
  return `#${[...levels].map((level) => Math.round(level).toString(16).padStart(2, "0")).join("")}`;
}

/** Give the luma, 0 to 1, of levels. */
export function lumaOf([red, green, blue]) {
  return (LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue) / 255;
}

/** Give U and V of levels. */
export function chromaOf(levels) {
  const luma = lumaOf(levels);
  return [(levels[2] / 255 - luma) * U_SCALE, (levels[0] / 255 - luma) * V_SCALE];
}

/** Tell by how much colour must be multiplied, at most 1, to leave the luma, 0 to `white`, as it is. */
export function roomFor(red, green, blue, luma, white) {
  let most = red > green ? red : green; // This is done for each pixel: Math.max takes its time.
  if (blue > most) most = blue;
  let least = red < green ? red : green;
  if (blue < least) least = blue;
  let room = 1;
  if (most > white - luma) room = (white - luma) / most;
  if (-least > luma && luma / -least < room) room = luma / -least;
  return room;
}

/** Give red, green and blue their differences from the luma, which leave it as it is. */
function differencesOf([u, v]) {
  const blue = u / U_SCALE;
  const red = v / V_SCALE;
  return [red, (LUMA[0] * red + LUMA[2] * blue) / -LUMA[1], blue];
}

/** Make chroma paler where the luma leaves no room for it in RGB. */
export function fitChroma(luma, chroma) {
  const room = roomFor(...differencesOf(chroma), luma, 1);
  return chroma.map((part) => part * room);
}

/** Put luma and chroma together to levels; the luma stays, the chroma is made paler if it must be. */
export function joinChroma(luma, chroma) {
  const level = (difference) => Math.min(1, Math.max(0, luma + difference)) * 255;
  return differencesOf(fitChroma(luma, chroma)).map(level);
}
