// Single keys for what the page can do. They can be switched off, and never fire while one types.

const KEPT = "shortcuts"; // in localStorage; only “off” means anything

const dialog = document.getElementById("shortcuts");
const box = document.getElementById("shortcuts-on");
const strength = document.getElementById("live");

const choice = (name, value) => document.querySelector(`input[name=${name}][value=${value}]`);
const choose = (name, value) => choice(name, value).click();

function strengthen(step) {
  strength.value = Number(strength.value) + step;
  for (const type of ["input", "change"]) strength.dispatchEvent(new Event(type));
}

const actions = {
  1: () => choose("view", "slider"),
  2: () => choose("view", "pair"),
  3: () => choose("view", "before"),
  4: () => choose("view", "after"),
  z: () => choose("size", choice("size", "full").checked ? "fit" : "full"),
  "-": () => strengthen(-5),
  "+": () => strengthen(5),
  d: () => document.getElementById("download").click(),
  "?": () => dialog.showModal(),
};

/** The key as the list names it, whichever script the keyboard is set to write. */
function named({ key, code }) {
  return /^[!-~]$/.test(key) ? key.toLowerCase() : code.replace(/^(Key|Digit)/, "").toLowerCase();
}

function isTyping(target) {
  return target.matches("select, textarea, input:not([type=range], [type=radio], [type=checkbox])");
}

addEventListener("keydown", (event) => {
  if (!box.checked || dialog.open || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target)) return;
  const action = actions[named(event)];
  if (!action) return;
  event.preventDefault();
  action();
});

box.checked = localStorage.getItem(KEPT) !== "off";
box.addEventListener("change", () => localStorage.setItem(KEPT, box.checked ? "on" : "off"));
document.getElementById("show-shortcuts").addEventListener("click", () => dialog.showModal());
