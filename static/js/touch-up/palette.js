// Colours that this browser remembers: those used lately, and those kept under a name.

const KEPT = { recent: "touch-up-recent", own: "touch-up-own" }; // in localStorage
const MOST_RECENT = 8;
const MOST_OWN = 24;

function read(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key)) ?? [];
    return kept.filter(({ color }) => /^#[0-9a-f]{6}$/.test(color));
  } catch {
    return []; // Whatever it is, this page hasn't written it.
  }
}

function write(key, colors) {
  try {
    localStorage.setItem(key, JSON.stringify(colors));
  } catch {
    // A browser that keeps nothing does without.
  }
}

/** Put a colour first in a list; it is in it once. */
function first(colors, color, isSame, most) {
  return [color, ...colors.filter((other) => !isSame(other))].slice(0, most);
}

export function recentColors() {
  return read(KEPT.recent);
}

export function rememberColor(color) {
  const isSame = (other) => other.color === color;
  write(KEPT.recent, first(recentColors(), { color }, isSame, MOST_RECENT));
}

export function ownColors() {
  return read(KEPT.own);
}

export function keepColor(name, color) {
  const isSame = (other) => other.name === name;
  write(KEPT.own, first(ownColors(), { name, color }, isSame, MOST_OWN));
}

export function forgetColor(name) {
  write(
    KEPT.own,
    ownColors().filter((own) => own.name !== name),
  );
}
