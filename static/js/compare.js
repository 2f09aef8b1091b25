// The line between before and after follows the slider.

const compare = document.getElementById("compare");
const slider = compare.querySelector("input");

function move() {
  compare.style.setProperty("--split", `${slider.value}%`);
  slider.ariaValueText = slider.dataset.text.replace("{percent}", Math.round(slider.value));
}

slider.addEventListener("input", move);
move();
