// The strength of the colours, live: a result is the blend of the original and its full colours,
// and the full colours at that opacity over the original are the same blend.

const strength = document.getElementById("live");
const colours = document.querySelector('.layer[data-of="result"]');
const picture = colours.querySelector("img");

function show() {
  colours.style.opacity = strength.value / 100;
}

/** Let the address say what is seen, for reloading and for coming back from another language. */
function remember() {
  const address = new URL(location);
  address.searchParams.set("strength", strength.value);
  history.replaceState(null, "", address);
  for (const next of document.querySelectorAll("input[name=next]")) {
    next.value = address.pathname + address.search;
  }
}

// The page comes with the blend that the server made; the full colours take its place when they
// are here.
const full = new Image();
full.src = picture.src.replace(/strength=\d+/, "strength=100");
await full.decode();
picture.src = full.src;
show();
strength.addEventListener("input", show);
strength.addEventListener("change", remember);
